const WIDTH = 100;

/** JSON of a server, indented. Numbers stay as they came; lists of plain values fill lines. Other text stays as it is. */
export function reindent(json: string): string {
  try {
    JSON.parse(json);
  } catch {
    return json;
  }
  const out: string[] = [];
  let at = 0;
  const skip = () => {
    while (/\s/.test(json[at] ?? "")) at++;
  };
  const scalar = (): string => {
    const from = at;
    if (json[at] === '"') {
      for (at++; json[at] !== '"'; at++) if (json[at] === "\\") at++;
      at++;
    } else while (at < json.length && !/[\s,\]}]/.test(json[at]!)) at++;
    return json.slice(from, at);
  };
  const value = (indent: string): void => {
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
  value("");
  return out.join("");
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
