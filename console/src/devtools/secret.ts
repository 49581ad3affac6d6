// The members that services have secrets in, as `GET _inference/_services` tells them, and those of any service's own.
const NAMES = "api_key|access_key|secret_key|client_secret|entra_id|service_account_json|secret_parameters|password";
const SECRET = new RegExp(
  `("(?:${NAMES})"\\s*:\\s*)(?:("""[\\s\\S]*?(?:"""|$)|"(?:[^"\\\\\\n]|\\\\.)*"?)|\\{[^{}]*\\}?)`,
  "g",
);

/** Requests as they may be kept: secrets in them are empty. The text need not be whole, as somebody is writing it. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, (_, name: string, value?: string) => `${name}${value === undefined ? "{}" : '""'}`);
}
