// Writes the part of Elastic's API specification (Apache-2.0) that the console needs: the requests of those APIs that
// connote speaks or will, without the answers. Completion and "copy as" read it, when they are first used.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const GROUPS = /^(inference|ingest|tasks|synonyms|query_rules)\./;
const NAMES =
  /^(ml\.(\w*trained_model\w*|infer\w*|.*vocabulary)|cat\.(indices|aliases|count|health|ml_trained_models|templates|tasks)|cluster\.(health|stats|get_settings|put_settings)|indices\.(create|delete|get|exists|put_mapping|get_mapping|get_field_mapping|put_settings|get_settings|refresh|flush|forcemerge|analyze|validate_query|stats|open|close|clone|\w*alias\w*|\w*index_template|\w*component_template|resolve_index|rollover)|info|ping|index|create|get|get_source|mget|exists|update|delete|bulk|search|msearch|msearch_template|mtermvectors|scripts_painless_execute|count|explain|field_caps|scroll|clear_scroll|open_point_in_time|close_point_in_time|reindex|update_by_query|delete_by_query|termvectors|rank_eval|search_template|render_search_template|put_script|get_script|delete_script)$/;

const require = createRequire(import.meta.url);
const spec = JSON.parse(readFileSync(require.resolve("@elastic/request-converter/dist/schema.json"), "utf8"));
const types = new Map(spec.types.map((type) => [key(type.name), type]));
const kept = new Map();

function key(name) {
  return `${name.namespace}.${name.name}`;
}

/** Without what neither completion nor conversion reads. */
function slim(value) {
  if (Array.isArray(value)) return value.map(slim);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([name]) => !DROPPED.has(name));
  return Object.fromEntries(entries.map(([name, each]) => [name, name === "description" ? short(each) : slim(each)]));
}
const DROPPED = new Set([
  "availability",
  "specLocation",
  "docUrl",
  "docUrlServerless",
  "docId",
  "extDocUrl",
  "extDocId",
  "extPreviousVersionDocUrl",
  "examples",
  "privileges",
  "response",
  "responseMediaType",
  "serverDefault",
  "codegenNames",
  "esQuirk",
  "docTag",
  "extDocDescription",
  "codegenName",
  "deprecation",
  "since",
  "visibility",
  "stability",
  "variants",
  "shortcutProperty_",
]);

function short(text) {
  const sentence = typeof text === "string" ? text.split(/\n|(?<=\.)\s/)[0] : "";
  return sentence.length > 160 ? `${sentence.slice(0, 157)}…` : sentence;
}

/** Keep a type and all that it names. */
function keep(name) {
  const id = key(name);
  const type = types.get(id);
  if (!type || kept.has(id)) return;
  kept.set(id, slim(type));
  walk(type);
}

function walk(value) {
  if (Array.isArray(value)) return value.forEach(walk);
  if (value === null || typeof value !== "object") return;
  if (typeof value.name === "string" && typeof value.namespace === "string") keep(value);
  for (const each of Object.values(value)) walk(each);
}

const endpoints = spec.endpoints.filter((endpoint) => GROUPS.test(endpoint.name) || NAMES.test(endpoint.name));
for (const endpoint of endpoints) if (endpoint.request) keep(endpoint.request);
// The converter asks for the availability of each endpoint, and writes it nowhere.
const trimmed = {
  _info: spec._info,
  endpoints: endpoints.map((each) => ({ ...slim(each), docUrl: each.docUrl, availability: {} })),
  types: [...kept.values()],
};
mkdirSync(new URL("../public/static/", import.meta.url), { recursive: true });
writeFileSync(new URL("../public/static/schema.json", import.meta.url), JSON.stringify(trimmed));
