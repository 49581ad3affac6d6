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
  const code = restored(pieces.map((piece) => piece.trim()).join("\n\n"));
  return `${head(language, code, target)}${code}\n`;
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

/** Where the converter writes what does not work, or nothing: chats in Python, and paths that it does not know. */
function special(prepared: Prepared, language: Language, specified: Specification, target: Target): string | null {
  const { method, path, isNdjson } = prepared;
  const isChat = /^\/?_inference\/chat_completion\/[^/?]+\/_stream/.test(path);
  if (language === "Python" && isChat) return pythonStream(prepared, target);
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
  const headers = hasKey ? `\n    headers={"Authorization": f"ApiKey {os.getenv('ELASTIC_API_KEY')}"},` : "";
  return `${hasKey ? "import os\n" : ""}import requests

with requests.post(
    "${url}/${prepared.path.replace(/^\//, "")}",${headers}
    json=${python(value(prepared) ?? {}, 1)},
    stream=True,
) as resp:
    for line in resp.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            print(line.removeprefix("data: "))`;
}

function head(language: Language, code: string, { url, hasKey }: Target): string {
  if (!/\bclient\b/.test(code)) return "";
  if (language === "Python") {
    const key = hasKey ? ', api_key=os.getenv("ELASTIC_API_KEY")' : "";
    return `${hasKey ? "import os\n" : ""}from elasticsearch import Elasticsearch\n\nclient = Elasticsearch("${url}"${key})\n\n`;
  }
  if (language === "JavaScript") {
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
