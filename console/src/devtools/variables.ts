import type { Request } from "./parse";
import { toJson } from "./print";
import type { Token } from "./tokens";

export type Variables = Record<string, string>;

const VARIABLE = /\$\{([\w-]+)\}/g;

/** A request ready to be sent. */
export interface Prepared {
  method: string;
  path: string;
  body: string | null;
  isNdjson: boolean;
}

/** The request with the variables' values in it. Throws Error for one that is not set, or for a problem in the request. */
export function prepare(request: Request, variables: Variables): Prepared {
  if (request.problem) throw new Error(request.problem.message);
  const value = (name: string) => {
    if (!(name in variables)) throw new Error(`the variable \${${name}} is not set: see Variables`);
    return variables[name]!;
  };
  const path = request.path.replace(VARIABLE, (_, name: string) => value(name));
  const bodies = request.bodies.map((body) => toJson(body.map((token) => filled(token, value))));
  const isNdjson = bodies.length > 1 || /(^|\/)_(bulk|msearch)(\/|\?|$)/.test(path);
  const body = bodies.length === 0 ? null : isNdjson ? `${bodies.join("\n")}\n` : bodies[0]!;
  return { method: request.method, path, body, isNdjson };
}

/** In a string a variable is text; alone it is JSON, or a string if its value is no JSON. */
function filled(token: Token, value: (name: string) => string): Token {
  if (token.kind === "string")
    return {
      ...token,
      text: token.text.replace(VARIABLE, (_, name: string) => JSON.stringify(value(name)).slice(1, -1)),
    };
  if (token.kind === "triple")
    return { ...token, text: token.text.replace(VARIABLE, (_, name: string) => value(name)) };
  if (token.kind === "literal" && token.text.startsWith("$")) {
    const text = value(token.text.slice(2, -1));
    return { ...token, text: isJson(text) ? text : JSON.stringify(text) };
  }
  return token;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
