import { parse, type Request } from "./parse";
import { type Token, unquoted } from "./tokens";

const WIDTH = 100;

/** The text again, indented. What cannot be read stays as it is. */
export function format(text: string): string {
  const parts = parse(text);
  return parts
    .map((part, index) => {
      const printed = part.kind === "note" || part.problem ? text.slice(part.from, part.to) : print(part);
      const before = parts[index - 1];
      const isApart = before && (before.kind === "request" || /\n\s*\n/.test(text.slice(before.to, part.from)));
      return before ? `${isApart ? "\n\n" : "\n"}${printed}` : printed;
    })
    .join("");
}

/** A request with its body indented; of several values each stands on a line of its own. */
export function print(request: Request): string {
  const { method, path, bodies } = request;
  const several = bodies.length > 1;
  const printed = bodies.map((body) => (several ? line(body) : pretty(body)));
  return [`${method} ${path}`, ...printed].join("\n");
}

/** JSON for the wire: without comments and trailing commas, and on one line. Numbers stay as they are written. */
export function toJson(body: Token[]): string {
  const tokens = body.filter((token) => token.kind !== "comment");
  const kept = tokens.filter((token, index) => token.text !== "," || !/^[}\]]$/.test(tokens[index + 1]?.text ?? ""));
  return kept.map((token) => (token.kind === "triple" ? JSON.stringify(unquoted(token)) : token.text)).join("");
}

function line(body: Token[]): string {
  const comments = body.filter((token) => token.kind === "comment").map((token) => token.text);
  return [...comments, toJson(body)].join("\n");
}

/** Walks over tokens and writes them with line breaks and two spaces a level. */
function pretty(body: Token[]): string {
  const out: string[] = [];
  let depth = 0;
  let at = 0;
  const indent = () => "  ".repeat(depth);
  const comments = () => {
    while (body[at]?.kind === "comment") out.push(`${indent()}${body[at++]!.text}\n`);
  };
  const item = (): void => {
    const token = body[at++]!;
    const short = token.text === "[" ? flat(body, at - 1) : null;
    if (short && indent().length + short.text.length <= WIDTH) {
      out.push(short.text);
      at = short.end;
    } else if (token.text === "{" || token.text === "[") container(token.text);
    else out.push(token.text);
  };
  const container = (open: string): void => {
    const close = open === "{" ? "}" : "]";
    out.push(open);
    if (body[at]?.text === close) {
      out.push(close);
      at++;
      return;
    }
    out.push("\n");
    depth++;
    for (;;) {
      comments();
      if (body[at]!.text === close) break;
      out.push(indent());
      if (open === "{") {
        out.push(body[at++]!.text, ": ");
        at += within(":");
      }
      inner();
      item();
      const after = within(",");
      const isLast = body.slice(at + after).find((token) => token.kind !== "comment")?.text === close;
      at += after;
      out.push(after && !isLast ? ",\n" : "\n");
    }
    depth--;
    out.push(indent(), close);
    at++;
  };
  /** How many tokens there are up to this mark, if nothing but comments stands before it; these move behind it. */
  const within = (mark: string): number => {
    let end = at;
    while (body[end]?.kind === "comment") end++;
    if (body[end]?.text !== mark) return 0;
    const moved = body.splice(at, end - at);
    body.splice(at + 1, 0, ...moved);
    return 1;
  };
  /** Comments between a name and its value stand behind the value. */
  const inner = (): void => {
    let end = at;
    while (body[end]?.kind === "comment") end++;
    if (end === at) return;
    const moved = body.splice(at, end - at);
    body.splice(valueEnd(body, at), 0, ...moved);
  };
  body = [...body];
  comments();
  item();
  return out.join("");
}

/** Where the value that begins at a token ends. */
function valueEnd(body: Token[], at: number): number {
  let depth = 0;
  for (let end = at; end < body.length; end++) {
    const { text, kind } = body[end]!;
    if (kind === "punctuation" && (text === "{" || text === "[")) depth++;
    if (kind === "punctuation" && (text === "}" || text === "]")) depth--;
    if (depth === 0) return end + 1;
  }
  return body.length;
}

/** A list of plain values on one line; null if there is more in it. */
function flat(body: Token[], at: number): { text: string; end: number } | null {
  const end = valueEnd(body, at);
  const inner = body.slice(at + 1, end - 1);
  if (inner.some((token) => token.kind === "comment" || token.kind === "triple" || /^[{[]$/.test(token.text)))
    return null;
  const values = inner.filter((token) => token.text !== ",").map((token) => token.text);
  return { text: `[${values.join(", ")}]`, end };
}
