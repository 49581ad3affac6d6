const WIDTH = 100;
const DEEPEST = 1_000;
const [SPACE, QUOTE, COMMA, LIST_END, BACKSLASH, OBJECT_END] = [32, 34, 44, 93, 92, 125];

/**
 * JSON of a server, indented. Numbers stay as they came; lists of plain values fill lines. Other text stays as it is, and
 * so does what is more than 1,000 levels deep.
 */
export function reindent(json: string): string {
  try {
    JSON.parse(json);
  } catch {
    return json;
  }
  const out: string[] = [];
  let at = 0;
  // Codes of characters, as an answer may have millions of them.
  const skip = () => {
    while (json.charCodeAt(at) <= SPACE) at++;
  };
  const scalar = (): string => {
    const from = at;
    if (json.charCodeAt(at) === QUOTE) {
      for (at++; json.charCodeAt(at) !== QUOTE; at++) if (json.charCodeAt(at) === BACKSLASH) at++;
      at++;
    } else while (!endsScalar(json.charCodeAt(at))) at++;
    return json.slice(from, at);
  };
  const value = (indent: string): void => {
    if (indent.length > 2 * DEEPEST) throw new TooDeep();
    skip();
    if (json[at] === "{") members(indent, "}");
    else if (json[at] === "[") list(indent);
    else out.push(scalar());
  };
  const list = (indent: string): void => {
    const start = at;
    const items: string[] = [];
    at++;
    for (skip(); json[at] !== "]"; skip()) {
      if (json[at] === "{" || json[at] === "[") {
        at = start;
        members(indent, "]");
        return;
      }
      items.push(scalar());
      skip();
      if (json[at] === ",") at++;
    }
    at++;
    out.push(filledList(items, indent));
  };
  const members = (indent: string, close: string): void => {
    const inner = `${indent}  `;
    out.push(json[at++]!);
    let isFirst = true;
    for (skip(); json[at] !== close; skip()) {
      out.push(isFirst ? "\n" : ",\n", inner);
      isFirst = false;
      if (close === "}") {
        out.push(scalar(), ": ");
        skip();
        at++; // the colon
      }
      value(inner);
      skip();
      if (json[at] === ",") at++;
    }
    at++;
    out.push(isFirst ? close : `\n${indent}${close}`);
  };
  try {
    value("");
  } catch (error) {
    if (error instanceof TooDeep) return json;
    throw error;
  }
  return out.join("");
}

class TooDeep extends Error {}

/** Whether a number, true, false or null ends before this code; NaN is the end of the text. */
function endsScalar(code: number): boolean {
  return Number.isNaN(code) || code <= SPACE || code === COMMA || code === LIST_END || code === OBJECT_END;
}

function filledList(items: string[], indent: string): string {
  const short = `[${items.join(", ")}]`;
  if (indent.length + short.length <= WIDTH) return short;
  const lines: string[] = [];
  let line = "";
  for (const [index, item] of items.entries()) {
    const piece = index < items.length - 1 ? `${item},` : item;
    if (line && indent.length + line.length + piece.length + 3 > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line ? ` ${piece}` : piece;
  }
  return `[\n${[...lines, line].map((each) => `${indent}  ${each}\n`).join("")}${indent}]`;
}
