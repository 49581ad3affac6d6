import { next, skipSpace, type Token, Unreadable } from "./tokens";

/** A request as it was written. `bodies` has one JSON value, or several if the body is NDJSON. */
export interface Request {
  kind: "request";
  method: string;
  path: string;
  bodies: Token[][];
  from: number;
  to: number;
  problem?: Problem;
}

/** What stands between requests: a comment, or text that is neither. */
export interface Note {
  kind: "note";
  text: string;
  from: number;
  to: number;
  problem?: Problem;
}

export interface Problem {
  message: string;
  from: number;
  to: number;
}

export type Part = Request | Note;

const METHODS = "GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS";
const REQUEST = new RegExp(`(${METHODS})[ \\t]+(?=\\S)`, "iy");
const REQUEST_AHEAD = new RegExp(`\\n[ \\t]*(?:${METHODS})[ \\t]+\\S`, "i");
const COMMENT_AHEAD = /#|\/\/|\/\*/y;
// As many as the parsers of most servers take; whoever walks over a value may so do it by recursion.
const DEEPEST = 1_000;

/** The requests and notes of a text, in order. Nothing is thrown: what cannot be read is told in its part. */
export function parse(text: string): Part[] {
  const parts: Part[] = [];
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, parts.at(-1)!.to)) {
    parts.push(request(text, at) ?? note(text, at));
  }
  return parts;
}

/** Only the requests. */
export function requests(text: string): Request[] {
  return parse(text).filter((part): part is Request => part.kind === "request");
}

function request(text: string, from: number): Request | null {
  REQUEST.lastIndex = from;
  const found = REQUEST.exec(text);
  if (!found) return null;
  const line = head(text, from + found[0].length);
  const parsed: Request = {
    kind: "request",
    method: found[1]!.toUpperCase(),
    path: line.path,
    bodies: [],
    from,
    to: line.to,
  };
  if (/^kbn:/i.test(line.path))
    parsed.problem = { message: "Kibana's own API (kbn:) is not spoken here", from, to: line.to };
  try {
    for (let body = value(text, parsed.to); body; body = value(text, parsed.to)) {
      parsed.bodies.push(body);
      parsed.to = body.at(-1)!.to;
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    parsed.to = recovery(text, error.at, line.to);
    const isNext = parsed.to < error.at;
    const message = isNext ? "the body ends before it is closed" : error.message;
    const at = isNext ? parsed.to : error.at;
    parsed.problem ??= { message, from: at, to: endOfLine(text, at) };
  }
  return parsed;
}

/** The path: up to a comment, to a body that begins on the same line, or to the line's end. */
function head(text: string, from: number): { path: string; to: number } {
  const line = text.slice(from, endOfLine(text, from)).trimEnd();
  const path = line
    .replace(/\s+(?:#|\/\/|\/\*).*$/, "")
    .replace(/\s+[{[].*$/, "")
    .trimEnd();
  return { path, to: from + path.length };
}

function note(text: string, from: number): Note {
  COMMENT_AHEAD.lastIndex = from;
  try {
    const token = COMMENT_AHEAD.test(text) ? next(text, from) : null;
    if (token) return { kind: "note", text: token.text, from, to: token.to };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return {
      kind: "note",
      text: text.slice(from),
      from,
      to: text.length,
      problem: { message: error.message, from, to: text.length },
    };
  }
  const line = text.slice(from, endOfLine(text, from)).trimEnd();
  const to = from + line.length;
  const message = "a request begins with a method and a path, such as GET _inference";
  return { kind: "note", text: line, from, to, problem: { message, from, to } };
}

/** The tokens of the JSON value after `at`, and of comments before and in it; null if there is no value. */
function value(text: string, at: number): Token[] | null {
  const tokens: Token[] = [];
  let [isOpen, depth] = [false, 0];
  const step = (): Token | null => {
    const isBody = isOpen || begins(text, at);
    for (;;) {
      const token = isBody ? next(text, at) : null;
      if (!token) {
        if (isOpen) throw new Unreadable("the body ends before it is closed", text.length);
        return null;
      }
      tokens.push(token);
      at = token.to;
      if (token.kind !== "comment") return token;
    }
  };
  const read = (token: Token): void => {
    if (token.text === "{") members("}", true);
    else if (token.text === "[") members("]", false);
    else if (token.kind === "punctuation")
      throw new Unreadable(`[${token.text}] stands where a value belongs`, token.from);
  };
  const members = (close: string, isObject: boolean): void => {
    if (++depth > DEEPEST) throw new Unreadable(`this is more than ${DEEPEST} levels deep`, at);
    for (let token = step()!; token.text !== close; ) {
      if (isObject) {
        if (token.kind !== "string") throw new Unreadable(`a name in " quotes belongs here, or ${close}`, token.from);
        const colon = step()!;
        if (colon.text !== ":") throw new Unreadable("a : belongs here", colon.from);
        token = step()!;
      }
      read(token);
      token = step()!;
      if (token.text !== "," && token.text !== close) throw new Unreadable(`a , or ${close} belongs here`, token.from);
      if (token.text === ",") token = step()!;
    }
    depth--;
  };
  const first = step();
  if (!first) return null;
  isOpen = true;
  read(first);
  return tokens;
}

/** Whether a body, or a comment before one, begins here; comments before the next request do not belong to this one. */
function begins(text: string, at: number): boolean {
  for (let from = skipSpace(text, at); ; from = skipSpace(text, from)) {
    if (/[{["]/.test(text[from] ?? "")) return true;
    COMMENT_AHEAD.lastIndex = from;
    if (!COMMENT_AHEAD.test(text)) return false;
    try {
      from = next(text, from)!.to;
    } catch (error) {
      if (error instanceof Unreadable) return false; // a comment without an end
      throw error;
    }
  }
}

/** Where to go on after a body that cannot be read: before the next line that begins a request. */
function recovery(text: string, at: number, head: number): number {
  const start = Math.max(text.lastIndexOf("\n", at - 1), head);
  const found = REQUEST_AHEAD.exec(text.slice(start));
  return text.slice(0, found ? start + found.index : text.length).trimEnd().length;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
