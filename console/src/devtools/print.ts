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

function pretty(body: Token[]): string {
  return new Printer(body).print();
}

/** Walks over the tokens of a value and writes them with line breaks, and two spaces a level. */
class Printer {
  #body: Token[];
  #out: string[] = [];
  #depth = 0;
  #at = 0;

  constructor(body: Token[]) {
    this.#body = [...body]; // comments are moved in it
  }

  print(): string {
    this.#comments();
    this.#value();
    return this.#out.join("");
  }

  get #indent(): string {
    return "  ".repeat(this.#depth);
  }

  #comments(): void {
    while (this.#body[this.#at]?.kind === "comment") this.#out.push(`${this.#indent}${this.#body[this.#at++]!.text}\n`);
  }

  #value(): void {
    const token = this.#body[this.#at++]!;
    const short = token.text === "[" ? flat(this.#body, this.#at - 1) : null;
    if (short && this.#indent.length + short.text.length <= WIDTH) {
      this.#out.push(short.text);
      this.#at = short.end;
    } else if (token.text === "{" || token.text === "[") this.#members(token.text);
    else this.#out.push(token.text);
  }

  #members(open: string): void {
    const close = open === "{" ? "}" : "]";
    this.#out.push(open);
    if (this.#body[this.#at]?.text !== close) {
      this.#out.push("\n");
      this.#depth++;
      for (this.#comments(); this.#body[this.#at]!.text !== close; this.#comments()) this.#member(open, close);
      this.#depth--;
      this.#out.push(this.#indent);
    }
    this.#out.push(close);
    this.#at++;
  }

  #member(open: string, close: string): void {
    this.#out.push(this.#indent);
    if (open === "{") {
      this.#out.push(this.#body[this.#at++]!.text, ": ");
      this.#pass(":");
    }
    if (this.#next() > this.#at) this.#move(valueEnd(this.#body, this.#next()));
    this.#value();
    const hasComma = this.#pass(",");
    this.#out.push(hasComma && this.#body[this.#next()]?.text !== close ? ",\n" : "\n");
  }

  /** Go past a mark if it is next; comments before it come to stand behind it. */
  #pass(mark: string): boolean {
    const next = this.#next();
    if (this.#body[next]?.text !== mark) return false;
    this.#move(next + 1);
    this.#at++;
    return true;
  }

  /** Move the comments that are next behind what follows them, which ends at `end`. */
  #move(end: number): void {
    const count = this.#next() - this.#at;
    if (count === 0) return;
    const moved = this.#body.splice(this.#at, count);
    this.#body.splice(end - count, 0, ...moved);
  }

  /** Where the next token stands that is no comment. */
  #next(): number {
    let next = this.#at;
    while (this.#body[next]?.kind === "comment") next++;
    return next;
  }
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
