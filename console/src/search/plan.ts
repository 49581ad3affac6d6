import { clause, type Filter } from "./filter";
import type { Piece } from "./passage";

/** A field of a mapping, flat: its name has dots. */
export interface Field {
  name: string;
  type: string;
  /** The endpoint that embeds queries of it. */
  inferenceId?: string;
}

export interface Mapping {
  type?: string;
  inference_id?: string;
  search_inference_id?: string;
  properties?: Record<string, Mapping>;
  fields?: Record<string, Mapping>;
}

export type Kind = "bm25" | "sparse" | "dense" | "hybrid";

/** One way to search the index, with the body that asks for it. */
export interface Way {
  kind: Kind;
  name: string;
  about: string;
  body: Record<string, unknown>;
  /** The endpoint whose tokens tell what the query means. */
  sparse?: string | undefined;
  /** The names of the ways that this one fuses. */
  parts?: string[];
}

const SIZE = 10;
/** How many hits of each way hybrid search looks at, and what is added to their ranks. */
export const [WINDOW, CONSTANT] = [50, 60];

export function fieldsOf(mapping: Mapping, above = ""): Field[] {
  return Object.entries({ ...mapping.properties, ...mapping.fields }).flatMap(([name, each]) => {
    const own: Field = { name: above + name, type: each.type ?? "object" };
    const asked = each.search_inference_id ?? each.inference_id;
    if (asked) own.inferenceId = asked;
    return [...(own.type === "object" ? [] : [own]), ...fieldsOf(each, `${above}${name}.`)];
  });
}

/** The ways to search these fields; `tasks` tells what the endpoints do. */
export function ways(fields: Field[], query: string, tasks: Map<string, string>, filters: Filter[]): Way[] {
  const semantic = fields.filter((field) => field.type === "semantic_text");
  const kindOf = (field: Field) => (tasks.get(field.inferenceId ?? "") === "text_embedding" ? "dense" : "sparse");
  const texts = fields.filter((field) => field.type === "text").map((field) => field.name);
  const parts: { kind: Kind; name: string; about: string; query: object; field?: string; sparse?: string }[] = [];
  if (texts.length)
    parts.push({
      kind: "bm25",
      name: "BM25",
      about: texts.join(", "),
      query: { multi_match: { query, fields: texts } },
    });
  for (const kind of ["sparse", "dense"] as const) {
    const field = semantic.find((each) => kindOf(each) === kind);
    if (!field) continue;
    const name = kind === "sparse" ? "Sparse" : "Dense";
    const asked = { semantic: { field: field.name, query } };
    const sparse = kind === "sparse" && field.inferenceId ? { sparse: field.inferenceId } : {};
    parts.push({ kind, name, about: field.name, query: asked, field: field.name, ...sparse });
  }
  const filter = filters.map((each) => clause(each, fields));
  const single = parts.map(({ kind, name, about, query: asked, field, sparse }) => ({
    kind,
    name,
    about,
    sparse,
    body: { query: filtered(asked, filter), ...common(field ? [field] : texts, kind) },
  }));
  if (parts.length < 2) return single;
  const retrievers = parts.map((part) => ({ standard: { query: filtered(part.query, filter) } }));
  const hybrid: Way = {
    kind: "hybrid",
    name: "Hybrid",
    about: `reciprocal ranks of ${parts.map((part) => part.name).join(", ")}`,
    body: {
      retriever: { rrf: { retrievers, rank_window_size: WINDOW, rank_constant: CONSTANT } },
      ...common([], "hybrid"),
    },
    sparse: parts.find((part) => part.sparse)?.sparse,
    parts: parts.map((part) => part.name),
  };
  return [...single, hybrid];
}

function filtered(query: object, filter: object[]): object {
  return filter.length ? { bool: { must: [query], filter } } : query;
}

function common(fields: string[], kind: Kind): Record<string, unknown> {
  const semantic = kind === "sparse" || kind === "dense";
  const how = semantic
    ? { type: "semantic", number_of_fragments: 1, order: "score" }
    : { number_of_fragments: 1, fragment_size: 240 };
  const highlight = fields.length
    ? { highlight: { fields: Object.fromEntries(fields.map((field) => [field, how])) } }
    : {};
  return { size: SIZE, ...highlight, ...(kind === "bm25" ? { explain: true } : {}) };
}

export interface Explanation {
  value: number;
  description: string;
  details?: Explanation[];
}

export interface Hit {
  _id: string;
  _score: number | null;
  _source: Record<string, unknown>;
  highlight?: Record<string, string[]>;
  _explanation?: Explanation;
}

export interface Found {
  took: number;
  hits: { total?: { value: number; relation: string } | number; hits: Hit[] };
}

/** What a hit is called: a field that is named so, or its id. */
export function titleOf(hit: Hit): string {
  const source = hit._source ?? {};
  const name = Object.keys(source).find((each) => /^(title|name|headline|label|subject)$/i.test(each));
  const value = name ? source[name] : undefined;
  return typeof value === "string" && value ? value : hit._id;
}

/** The text to read of a hit: what was highlighted, or its longest text. */
export function textOf(hit: Hit): string {
  const highlighted = Object.values(hit.highlight ?? {}).flat()[0];
  if (highlighted) return highlighted;
  const texts = Object.values(hit._source ?? {}).map((value) => (isSemantic(value) ? value.text : value));
  return (
    texts.filter((value): value is string => typeof value === "string").toSorted((a, b) => b.length - a.length)[0] ?? ""
  );
}

/** Of a field in the old format of semantic_text the text stands in an object. */
const isSemantic = (value: unknown): value is { text: string } =>
  typeof value === "object" && value !== null && typeof (value as { text?: unknown }).text === "string";

/** A highlighted text in pieces, those within <em> marked. Anything else stays text. */
export function pieces(text: string): Piece[] {
  return text
    .split(/(<em>[\s\S]*?<\/em>)/)
    .filter(Boolean)
    .map((each) => ({
      text: each.replace(/^<em>|<\/em>$/g, ""),
      kind: each.startsWith("<em>") && each.endsWith("</em>") ? "said" : null,
    }));
}

/** Where a document ranks in each way; ranks count from 1. */
export function ranks(id: string, all: { name: string; hits: Hit[] }[]): { name: string; rank: number }[] {
  return all
    .map(({ name, hits }) => ({ name, rank: hits.findIndex((hit) => hit._id === id) + 1 }))
    .filter((each) => each.rank > 0);
}
