import { parsed } from "../api/json";
import type { Request } from "./parse";
import { toJson } from "./print";
import type { Token } from "./tokens";

export type Variables = Record<string, string>;

const VARIABLE = /\$\{([\w-]+)\}/g;
// As Kibana does it: "${name}" gives up its quotes for a value that is a number, true, false, a list or an object.
const ALONE = /^"?\$\{([\w-]+)\}"?$/;

/** A request ready to be sent. */
export interface Prepared {
  method: string;
  path: string;
  body: string | null;
  isNdjson: boolean;
}

/**
 * The request with the variables' values in it. Throws Error for a problem in the request, and for a variable that is not
 * set where nothing else could be meant.
 */
export function prepare(request: Request, variables: Variables): Prepared {
  if (request.problem) throw new Error(request.problem.message);
  const value = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  const path = request.path.replace(VARIABLE, (_, name: string) => value(name) ?? missing(name));
  const bodies = request.bodies.map((body) => toJson(filled(body, value)));
  const isNdjson = bodies.length > 1 || /(^|\/)_(bulk|msearch)(\/|\?|$)/.test(path);
  const body = bodies.length === 0 ? null : isNdjson ? `${bodies.join("\n")}\n` : bodies[0]!;
  return { method: request.method, path, body, isNdjson };
}

type Value = (name: string) => string | undefined;

/** The tokens with values in them. */
function filled(body: Token[], value: Value): Token[] {
  const isName = (index: number) => body.slice(index + 1).find((token) => token.kind !== "comment")?.text === ":";
  return body.map((token, index) => {
    if (!token.text.includes("${") || token.kind === "comment") return token;
    if (token.kind === "triple")
      return { ...token, text: token.text.replace(VARIABLE, (all, name) => value(name) ?? all) };
    const alone = ALONE.exec(token.text)?.[1];
    if (token.kind === "literal") return { ...token, text: asJson(value(alone!) ?? missing(alone!)) };
    const text = alone !== undefined && !isName(index) ? value(alone) : undefined;
    if (text !== undefined && !isText(text)) return { ...token, text };
    return { ...token, text: token.text.replace(VARIABLE, (all, name) => escaped(value(name)) ?? all) };
  });
}

function missing(name: string): never {
  throw new Error(`the variable \${${name}} is not set: see Variables`);
}

/** Whether a value is a text: neither number, true, false, list nor object. */
function isText(value: string): boolean {
  const json = parsed(value);
  return json === undefined || json === null || typeof json === "string";
}

const asJson = (value: string): string => (parsed(value) === undefined ? JSON.stringify(value) : value);
const escaped = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value).slice(1, -1);
