import { type Completion, type CompletionContext, type CompletionResult, snippet } from "@codemirror/autocomplete";
import { live } from "./live";
import { parts } from "./marks";
import { type Place, place } from "./place";
import { type Property, type Shape, type Specification, segments, specification, type ValueOf } from "./schema";

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"];
const TASKS = ["sparse_embedding", "text_embedding", "embedding", "rerank", "completion", "chat_completion"];

// connote's own paths; Elastic's specification does not have them.
const OWN: [string, string][] = [
  ["GET", "_connote/endpoints"],
  ["GET", "_connote/models"],
  ["GET", "_connote/activity"],
  ["GET", "_connote/usage"],
  ["GET", "_connote/stats"],
  ["GET", "_connote/shadow"],
  ["POST", "_connote/_chunk"],
  ["POST", "_connote/cache/_clear"],
  ["GET", "_inference/_services"],
  ["GET", "_inference/.diagnostics"],
  ["GET", "v1/models"],
  ["POST", "v1/embeddings"],
  ["POST", "v1/chat/completions"],
];

/** What could be written at the cursor: methods, paths, parameters, names and values of bodies. */
export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const request = context.state
    .field(parts)
    .filter((part) => part.kind === "request")
    .findLast((each) => each.from <= context.pos);
  const head = /^\s*([a-z]+)\s+(\S*)$/i.exec(before);
  if (head && METHODS.includes(head[1]!.toUpperCase())) return path(context, head[1]!.toUpperCase(), head[2]!);
  if (request && context.pos > request.from && line.from > request.from) {
    const start = text.indexOf("\n", request.from) + 1;
    const written = lastBody(text.slice(start, context.pos));
    const found = place(written);
    if (found) return body(context, before, request, written, found);
  }
  if (/^\s*[a-z]*$/i.test(before) && (context.explicit || /[a-z]$/i.test(before)))
    return { from: line.from, options: METHODS.map((label) => ({ label, type: "keyword", apply: `${label} ` })) };
  return null;
}

/** Of an NDJSON body only the value that is being written. */
function lastBody(text: string): string {
  const lines = text.split("\n");
  const isWhole = (line: string) => /^\{.*\}\s*$/.test(line);
  while (lines.length > 1 && isWhole(lines[0]!)) lines.shift();
  return lines.join("\n");
}

async function path(context: CompletionContext, method: string, written: string): Promise<CompletionResult> {
  const specified = await specification();
  const [, parameters] = written.split("?", 2);
  if (parameters !== undefined) return query(context, specified, method, written);
  const parts = written.replace(/^\//, "").split("/");
  const typed = parts.pop()!;
  const options = new Map<string, Completion>();
  const add = (label: string, detail: string, boost = 0) =>
    options.has(label) || options.set(label, { label, detail, type: "path", boost });
  for (const { template, name } of templates(specified, method)) {
    const next = template[parts.length];
    if (
      next === undefined ||
      !parts.every(
        (each, index) => each === template[index] || (template[index]!.startsWith("{") && !each.startsWith("_")),
      )
    )
      continue;
    if (!next.startsWith("{")) add(next, template.length === parts.length + 1 ? name : "…", parts.length ? 0 : 1);
    else for (const value of await named(next.slice(1, -1))) add(value, next.slice(1, -1).replaceAll("_", " "), 2);
  }
  return { from: context.pos - typed.length, options: [...options.values()], validFor: /^[\w.@-]*$/ };
}

function templates(specified: Specification, method: string): { template: string[]; name: string }[] {
  const listed = specified.endpoints.flatMap((endpoint) =>
    endpoint.urls
      .filter((url) => url.methods.includes(method))
      .map((url) => ({ template: segments(url.path), name: endpoint.name })),
  );
  const own = OWN.filter(([each]) => each === method).map(([, path]) => ({
    template: segments(path),
    name: "connote",
  }));
  return [...own, ...listed];
}

/** What may stand for a part of a path. */
async function named(part: string): Promise<string[]> {
  if (part.endsWith("inference_id")) return live.endpoints();
  if (part === "task_type") return TASKS;
  if (part === "model_id") return live.models();
  if (part === "index" || part === "target") return live.indices();
  return [];
}

function query(
  context: CompletionContext,
  specified: Specification,
  method: string,
  written: string,
): CompletionResult {
  const typed = /[^?&]*$/.exec(written)![0];
  const endpoint = specified.match(method, written);
  const common = ["pretty", "filter_path", "error_trace"].map((label) => ({ label, type: "property" }));
  const own = endpoint ? specified.query(endpoint).map((each) => option(each, each.name)) : [];
  const [name, value] = typed.split("=", 2);
  if (value === undefined)
    return { from: context.pos - typed.length, options: [...own, ...common], validFor: /^[\w.]*$/ };
  const property = endpoint && specified.query(endpoint).find((each) => each.name === name);
  const values = property ? specified.shape(property.type).values : [];
  return { from: context.pos - value.length, options: values.map((each) => ({ label: each.replaceAll('"', "") })) };
}

async function body(
  context: CompletionContext,
  before: string,
  request: { method: string; path: string },
  written: string,
  found: Place,
): Promise<CompletionResult | null> {
  const typed = /"?[\w.@-]*$/.exec(before)![0];
  if (!typed && !context.explicit) return null;
  const specified = await specification();
  const endpoint = specified.match(request.method, request.path);
  const shape = endpoint ? walk(specified, specified.body(endpoint), found.path) : null;
  const options =
    found.expects === "name" ? await names(request, written, found, shape) : await values(request, found, shape);
  const from = context.pos - typed.length;
  return options.length ? { from, options, validFor: /^"?[\w.@-]*$/ } : null;
}

/** What may stand at the end of a path of names. */
export function walk(specified: Specification, shape: Shape, path: string[]): Shape | null {
  let current: Shape | null = shape;
  for (const name of path) {
    const type: ValueOf | undefined | null =
      name === "[]" ? current.items : (member(current, name) ?? current.dictionary?.value);
    if (!type) return null;
    current = specified.shape(type);
  }
  return current;
}

/** Of what may be one of several objects, a member may be that of any of them, such as `type` in a mapping. */
function member({ properties }: Shape, name: string): ValueOf | null {
  const items = properties.filter((each) => each.name === name).map((each) => each.type);
  return items.length > 1 ? { kind: "union_of", items } : (items[0] ?? null);
}

async function names(
  request: { path: string },
  written: string,
  { path, taken }: Place,
  shape: Shape | null,
): Promise<Completion[]> {
  const last = path.at(-1);
  const settings = last === "service_settings" || last === "task_settings" ? await serviceSettings(written, last) : [];
  const fields = shape?.dictionary?.isField
    ? (await live.fields(segments(request.path)[0] ?? "")).map((label) => name(label, "field", ": ${}"))
    : [];
  const known = (shape?.properties ?? []).map((each) =>
    option(each, name(each.name, each.required ? "required" : "", tail(each.type)).label, tail(each.type)),
  );
  return [...settings, ...fields, ...known].filter((each) => !taken.includes(each.label.replaceAll('"', "")));
}

/** The settings of the service that the body names. */
async function serviceSettings(written: string, scope: string): Promise<Completion[]> {
  const chosen = /"service"\s*:\s*"([^"]+)"/.exec(written)?.[1];
  const service = (await live.services()).find((each) => each.service === chosen);
  return Object.entries(service?.configurations ?? {})
    .filter(([, setting]) => setting.scope === scope)
    .map(([each, setting]) => ({
      ...name(each, setting.required ? "required" : setting.type, setting.type === "str" ? ': "${}"' : ": ${}"),
      info: setting.description,
      boost: setting.required ? 1 : 0,
    }));
}

async function values(request: { path: string }, { path }: Place, shape: Shape | null): Promise<Completion[]> {
  const last = path.findLast((each) => each !== "[]") ?? "";
  const text = async (found: Promise<string[]>, detail: string) =>
    (await found).map((each) => ({ label: JSON.stringify(each), detail, type: "text", boost: 2 }));
  const listed = [...new Set(shape?.values)].map((label) => ({ label, type: "constant" }));
  if (/inference_id$/.test(last)) return text(live.endpoints(), "endpoint");
  if (last === "model_id") return text(live.models(), "model");
  if (last === "service")
    return text(
      live.services().then((all) => all.map((each) => each.service)),
      "service",
    );
  if (last === "index" || last === "_index") return text(live.indices(), "index");
  // In some queries the specification has the name of a field for any text.
  if (/^fields?$/.test(last) || shape?.names.some((each) => /^(Field|Fields)$/.test(each)))
    return text(live.fields(segments(request.path)[0] ?? ""), "field");
  return listed;
}

function name(label: string, detail: string, after: string): Completion {
  return { label: `"${label}"`, detail, type: "property", apply: snippet(`"${label.replaceAll("$", "\\$")}"${after}`) };
}

function option(property: Property, label: string, after?: string): Completion {
  const made =
    after === undefined ? { label, type: "property" } : name(property.name, property.required ? "required" : "", after);
  return { ...made, ...(property.description ? { info: property.description } : {}), boost: property.required ? 1 : 0 };
}

/** What follows a name, with the cursor where the value belongs. */
function tail(type: ValueOf): string {
  if (type.kind === "array_of") return ": [${}]";
  if (type.kind === "dictionary_of") return ": {\n\t${}\n}";
  if (type.kind === "instance_of" && type.type.namespace === "_builtins")
    return type.type.name === "string" ? ': "${}"' : ": ${}";
  return ": ${}";
}
