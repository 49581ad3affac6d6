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
  const pieces: string[] = [];
  for (const each of all) {
    const own = special(each, language, specified, target);
    pieces.push(own ?? `${await convert(source(each), language, { elasticsearchUrl: target.url })}`);
  }
  const program = language === "JavaScript" ? numbered(pieces) : pieces;
  const code = program.map((piece) => piece.trim()).join(language === "curl" ? "\n" : "\n\n");
  if (language === "curl")
    return target.hasKey ? code : code.replaceAll(' -H "Authorization: ApiKey $ELASTIC_API_KEY"', "");
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

/** Where the converter writes what does not work, or waits for the end: streams, and paths that it does not know. */
function special(prepared: Prepared, language: Language, specified: Specification, target: Target): string | null {
  const { method, path, body } = prepared;
  const { url } = target;
  const isStream = /^\/?_inference\/.*\/_stream(\?|$)/.test(path);
  if (language === "Python" && isStream) return pythonStream(target, path, body);
  if (language === "JavaScript" && isStream) return scriptStream(path, body);
  if (specified.match(method, path)) return null;
  const at = JSON.stringify(`/${path.replace(/^\//, "")}`);
  if (language === "Python") {
    const headers =
      body === null
        ? '{"Accept": "application/json"}'
        : '{"Accept": "application/json", "Content-Type": "application/json"}';
    return `resp = client.perform_request(\n    "${method}",\n    ${at},\n    headers=${headers},${body === null ? "" : `\n    body=${python(JSON.parse(body), 1)},`}\n)`;
  }
  if (language === "JavaScript") {
    const content =
      body === null ? "" : `\n  body: ${JSON.stringify(JSON.parse(body), null, 2).replaceAll("\n", "\n  ")},`;
    return `const response = await client.transport.request({\n  method: "${method}",\n  path: ${at},${content}\n});`;
  }
  if (language === "curl") {
    const data = body === null ? "" : ` -H "Content-Type: application/json" -d '${body.replaceAll("'", "'\"'\"'")}'`;
    return `curl -X ${method} -H "Authorization: ApiKey $ELASTIC_API_KEY"${data} "${url}${JSON.parse(at)}"`;
  }
  return `# ${method} ${path}: the ${language} client has no call for it`;
}

/** The Python client has no method for a streamed chat, so this is plain HTTP. */
function pythonStream({ url, hasKey }: Target, path: string, body: string | null): string {
  const key = hasKey ? `\n    headers={"Authorization": f"ApiKey {os.getenv('ELASTIC_API_KEY')}"},` : "";
  return `with requests.post(
    "${url}/${path.replace(/^\//, "")}",${key}
    json=${python(body === null ? {} : JSON.parse(body), 1)},
    stream=True,
) as resp:
    for line in resp.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            print(line.removeprefix("data: "))`;
}

function scriptStream(path: string, body: string | null): string {
  const content = JSON.stringify(body === null ? {} : JSON.parse(body), null, 2).replaceAll("\n", "\n  ");
  return `const stream = await client.transport.request({
  method: "POST",
  path: ${JSON.stringify(`/${path.replace(/^\//, "")}`)},
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
  const safe = body?.replace(/"(?:[^"\\]|\\.)*"/g, (text) =>
    text.replace(/(\\.)|[/<{}]/g, (found, escaped) => escaped ?? escapes[found]!),
  );
  return [`${method} /${path.replace(/^\//, "")}`, ...(safe ? [safe.trimEnd()] : [])].join("\n");
}

/** JSON as Python writes it. */
export function python(value: unknown, depth: number): string {
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
