// Node's `url` for @elastic/request-converter: browsers have the class itself.
const Class = globalThis.URL;

export { Class as URL };
export default { URL: Class };
