/** The page's nonce: style elements need it. Browsers hide the attribute, so the property is read. */
export const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
