import type { convertRequests as Convert } from "@elastic/request-converter";
import type { Specification } from "./schema";
import type { Prepared } from "./variables";

export const LANGUAGES = ["curl", "Python", "JavaScript", "PHP", "Ruby"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Target {
  url: string;
  /** Whether the server wants an API key. */
  hasKey: boolean;
}

/** The requests as a program. `convert` is the converter's, with the specification loaded. */
export async function copyAs(
  all: Prepared[],
  language: Language,
  specified: Specification,
  convert: typeof Convert,
  target: Target,
): Promise<string> {
  if (language === "curl") return all.map((each) => curl(each, target)).join("\n");
  const pieces: string[] = [];
  for (const each of all) {
    const own = special(each, language, specified, target);
    pieces.push(own ?? `${await convert(source(each), language, { elasticsearchUrl: target.url })}`);
  }
  const program = language === "JavaScript" ? numbered(pieces) : pieces;
  const code = restored(program.map((piece) => piece.trim()).join("\n\n"));
  return `${head(language, code, target)}${code}\n`;
}

/** JavaScript that declares each name once. */
function numbered(pieces: string[]): string[] {
  let count = 0;
  return pieces.map((piece) =>
    piece.replace(/^const (response|stream)\b([\s\S]*)$/, (_, name: string, rest: string) => {
      const own = ++count === 1 ? name : `${name}${count}`;
      return `const ${own}${rest.replaceAll(` of ${name})`, ` of ${own})`)}`;
    }),
  );
}

/** Everything that a shell or curl itself could take for something else is quoted or switched off. */
function curl({ method, path, body, isNdjson }: Prepared, { url, hasKey }: Target): string {
  const parts = [method === "HEAD" ? "curl -I" : `curl -X ${method}`];
  if (/[[\]{}]/.test(path)) parts.push("-g");
  if (/\/_stream(\?|$)/.test(path)) parts.push("-N");
  if (hasKey) parts.push('-H "Authorization: ApiKey $ELASTIC_API_KEY"');
  if (body !== null) parts.push(`-H "Content-Type: ${mediaType(isNdjson)}"`);
  if (body !== null) parts.push(isNdjson ? "--data-binary" : "-d", quoted(body));
  return [...parts, quoted(`${url}/${path.replace(/^\//, "").replaceAll(" ", "%20")}`)].join(" ");
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\"'\"'")}'`;

/** Where the converter writes what does not work, or waits for the end: streams, and paths that it does not know. */
function special(prepared: Prepared, language: Language, specified: Specification, target: Target): string | null {
  const { method, path, isNdjson } = prepared;
  const isStream = /^\/?_inference\/.*\/_stream(\?|$)/.test(path);
  if (language === "Python" && isStream) return pythonStream(prepared, target);
  if (language === "JavaScript" && isStream) return scriptStream(prepared);
  if (specified.match(method, path)) return null;
  const at = JSON.stringify(`/${path.replace(/^\//, "")}`);
  const body = value(prepared);
  if (language === "Python") {
    const type = body === undefined ? "" : `, "Content-Type": "${mediaType(isNdjson)}"`;
    const content = body === undefined ? "" : `\n    body=${python(body, 1)},`;
    return `resp = client.perform_request(\n    "${method}",\n    ${at},\n    headers={"Accept": "application/json"${type}},${content}\n)`;
  }
  if (language === "JavaScript") {
    const member = isNdjson ? "bulkBody" : "body";
    const content =
      body === undefined ? "" : `\n  ${member}: ${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")},`;
    return `const response = await client.transport.request({\n  method: "${method}",\n  path: ${at},${content}\n});`;
  }
  return `# ${method} ${path}: the ${language} client has no call for it`;
}

const mediaType = (isNdjson: boolean): string => (isNdjson ? "application/x-ndjson" : "application/json");

/** What the body holds, NDJSON as a list; undefined if there is none. */
function value({ body, isNdjson }: Prepared): unknown {
  if (body === null) return undefined;
  const text = marked(body);
  return isNdjson
    ? text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown)
    : JSON.parse(text);
}

const PIECE = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const MARK = /(["'])number:(-?\d[\d.eE+-]*):\1/g;

/** JSON whose numbers survive JavaScript: those that it would write in another way are strings until they are restored. */
function marked(body: string): string {
  return body.replace(PIECE, (piece) =>
    piece.startsWith('"') || String(Number(piece)) === piece ? piece : `"number:${piece}:"`,
  );
}

const restored = (code: string): string => code.replace(MARK, "$2");

/** The Python client has no method for a streamed chat, so this is plain HTTP. */
function pythonStream(prepared: Prepared, { url, hasKey }: Target): string {
  const key = hasKey ? `\n    headers={"Authorization": f"ApiKey {os.getenv('ELASTIC_API_KEY')}"},` : "";
  return `with requests.post(
    "${url}/${prepared.path.replace(/^\//, "")}",${key}
    json=${python(value(prepared) ?? {}, 1)},
    stream=True,
) as resp:
    for line in resp.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            print(line.removeprefix("data: "))`;
}

function scriptStream(prepared: Prepared): string {
  const content = JSON.stringify(value(prepared) ?? {}, null, 2).replaceAll("\n", "\n  ");
  return `const stream = await client.transport.request({
  method: "POST",
  path: ${JSON.stringify(`/${prepared.path.replace(/^\//, "")}`)},
  body: ${content},
}, { asStream: true });
for await (const piece of stream) process.stdout.write(piece);`;
}

/** What the code needs before it. */
function head(language: Language, code: string, { url, hasKey }: Target): string {
  const isAsked = /\bclient\b/.test(code);
  if (language === "Python") {
    const key = hasKey ? ', api_key=os.getenv("ELASTIC_API_KEY")' : "";
    const imports = [
      hasKey && "import os\n",
      code.includes("requests.post(") && "import requests\n",
      isAsked && "from elasticsearch import Elasticsearch\n",
      isAsked && `\nclient = Elasticsearch("${url}"${key})\n`,
    ];
    return `${imports.filter(Boolean).join("")}\n`;
  }
  if (language === "JavaScript" && isAsked) {
    const key = hasKey ? ", auth: { apiKey: process.env.ELASTIC_API_KEY }" : "";
    return `import { Client } from "@elastic/elasticsearch";\n\nconst client = new Client({ node: "${url}"${key} });\n\n`;
  }
  return "";
}

/** A request as the converter reads it. It takes some texts in strings for comments, so these are escaped. */
export function source({ method, path, body }: Prepared): string {
  const escapes: Record<string, string> = { "/": "\\/", "<": "\\u003c", "{": "\\u007b", "}": "\\u007d" };
  const safe =
    body &&
    marked(body).replace(/"(?:[^"\\]|\\.)*"/g, (text) =>
      text.replace(/(\\.)|[/<{}]/g, (found, escaped) => escaped ?? escapes[found]!),
    );
  return [`${method} /${path.replace(/^\//, "")}`, ...(safe ? [safe.trimEnd()] : [])].join("\n");
}

/** JSON as Python writes it. */
function python(value: unknown, depth: number): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const inner = isList
    ? value.map((item) => python(item, depth + 1))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, depth + 1)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (inner.length === 0) return open + close;
  const lines = inner.map((each) => `${"    ".repeat(depth + 1)}${each},\n`).join("");
  return `${open}\n${lines}${"    ".repeat(depth)}${close}`;
}
