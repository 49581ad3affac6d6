/** A piece of JSON as consoles take it: with comments, `"""` strings, and variables such as `${name}`. */
export interface Token {
  kind: "punctuation" | "string" | "triple" | "literal" | "comment";
  text: string;
  from: number;
  to: number;
}

/** What cannot be read, and where. */
export class Unreadable extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const SPACE = /[ \t\r\n\f\v\u00a0\ufeff]*/y;
const PATTERNS = {
  triple: /"""[\s\S]*?"""(?!")/y,
  literal: /\$\{[\w-]+\}|-?\d[\d.eE+-]*|true|false|null/y,
  comment: /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//y,
};

/** The token that begins at or after `at`; null at the end. Throws Unreadable. */
export function next(text: string, at: number): Token | null {
  const from = skipSpace(text, at);
  const first = text[from];
  if (first === undefined) return null;
  if ("{}[],:".includes(first)) return { kind: "punctuation", text: first, from, to: from + 1 };
  const kind = kindOf(text, from, first);
  const found = kind === "string" ? string(text, from) : match(PATTERNS[kind], text, from);
  if (found === null) throw new Unreadable(problem(text, from), from);
  const whole = kind === "comment" ? found.trimEnd() : found;
  return checked({ kind, text: whole, from, to: from + whole.length });
}

function kindOf(text: string, from: number, first: string): Exclude<Token["kind"], "punctuation"> {
  if (first === '"') return text.startsWith('"""', from) ? "triple" : "string";
  return first === "#" || first === "/" ? "comment" : "literal";
}

export function skipSpace(text: string, at: number): number {
  return at + (match(SPACE, text, at) ?? "").length;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** The string that begins here; null if its line ends before it. A loop, since patterns give up on megabytes. */
function string(text: string, from: number): string | null {
  for (let at = from + 1; at < text.length; at++) {
    const found = text[at];
    if (found === '"') return text.slice(from, at + 1);
    if (found === "\\") at++;
    if (text[at] === "\n" || text[at] === "\r") return null;
  }
  return null;
}

/** Strings and numbers must be what JSON knows as such. */
function checked(token: Token): Token {
  if (token.kind === "string" || (token.kind === "literal" && !token.text.startsWith("$"))) {
    try {
      JSON.parse(token.text);
    } catch {
      throw new Unreadable(
        token.kind === "string"
          ? "this string has an escape or character that JSON does not know"
          : "this is no number",
        token.from,
      );
    }
  }
  return token;
}

function problem(text: string, at: number): string {
  if (text.startsWith('"""', at)) return 'this string has no closing """';
  if (text[at] === '"') return 'this string is not closed on its line; use """ for several lines';
  if (text.startsWith("/*", at)) return "this comment has no closing */";
  if (text[at] === "'") return 'JSON has its strings in " quotes';
  const word = /^\S+/.exec(text.slice(at, at + 40))?.[0] ?? "";
  return `[${word}] is no JSON`;
}

/** The text of a `"""` string, as it is between the quotes. */
export const unquoted = (token: Token): string => token.text.slice(3, -3);
