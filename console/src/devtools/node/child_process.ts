// Nothing of this is called in a browser; @elastic/request-converter only imports it.
export default {};
