import { address } from "../api/client";

// The shapes of Elastic's API specification, as far as completion walks over them.
interface Name {
  name: string;
  namespace: string;
}

export type ValueOf =
  | { kind: "instance_of"; type: Name }
  | { kind: "array_of"; value: ValueOf }
  | { kind: "union_of"; items: ValueOf[] }
  | { kind: "dictionary_of"; key: ValueOf; value: ValueOf }
  | { kind: "user_defined_value" | "literal_value"; value?: string | number | boolean };

export interface Property {
  name: string;
  /** Other names that do as well, such as `aggs`. */
  aliases?: string[];
  description?: string;
  required: boolean;
  type: ValueOf;
}

interface Type {
  kind: "request" | "interface" | "enum" | "type_alias" | "response";
  name: Name;
  properties?: Property[];
  inherits?: { type: Name };
  members?: { name: string; description?: string }[];
  type?: ValueOf;
  path?: Property[];
  query?: Property[];
  body?: { kind: "properties"; properties: Property[] } | { kind: "value"; value: ValueOf } | { kind: "no_body" };
}

export interface Endpoint {
  name: string;
  description?: string;
  docUrl?: string | null;
  request: Name | null;
  urls: { path: string; methods: string[] }[];
}

export interface Schema {
  endpoints: Endpoint[];
  types: Type[];
}

/** What may stand at a place of a body. */
export interface Shape {
  properties: Property[];
  /** What the values are of names that are not fixed, and whether these are names of fields. */
  dictionary: { value: ValueOf; isField: boolean } | null;
  items: ValueOf | null;
  values: string[];
  /** The names of the types that it is of. */
  names: string[];
}

/** The specification, with ways to look things up in it. */
export class Specification {
  readonly endpoints: Endpoint[];
  readonly source: Schema;
  #types: Map<string, Type>;

  constructor(schema: Schema) {
    this.source = schema;
    this.endpoints = schema.endpoints;
    this.#types = new Map(schema.types.map((type) => [`${type.name.namespace}.${type.name.name}`, type]));
  }

  /** The endpoint that a request asks, the one with the most fixed parts in its path first. */
  match(method: string, path: string): Endpoint | null {
    return this.#exact(method, path) ?? (method === "GET" ? this.#exact("POST", path) : null);
  }

  /** Whether POST asks the same of a path as GET does; with some paths it writes. */
  isAskedByPost(path: string): boolean {
    const asked = this.#exact("GET", path);
    return asked !== null && asked === this.#exact("POST", path);
  }

  #exact(method: string, path: string): Endpoint | null {
    const asked = segments(path);
    const found = this.endpoints.flatMap((endpoint) =>
      endpoint.urls
        .filter((url) => url.methods.includes(method))
        .map((url) => ({ endpoint, fixed: fixedParts(segments(url.path), asked) }))
        .filter(({ fixed }) => fixed >= 0),
    );
    const best = found.toSorted(
      (one, other) => other.fixed - one.fixed || one.endpoint.name.length - other.endpoint.name.length,
    )[0];
    return best?.endpoint ?? null;
  }

  /** The parameters of the query that an endpoint takes. */
  query(endpoint: Endpoint): Property[] {
    return (endpoint.request && this.#find(endpoint.request)?.query) || [];
  }

  /** What the body of an endpoint may be. */
  body(endpoint: Endpoint): Shape {
    const body = endpoint.request && this.#find(endpoint.request)?.body;
    if (body?.kind === "properties") return { ...nothing(), properties: everyName(body.properties) };
    return body?.kind === "value" ? this.shape(body.value) : nothing();
  }

  /** What may stand where this type belongs. */
  shape(type: ValueOf, depth = 0): Shape {
    const shape = nothing();
    if (depth > 12) return shape;
    if (type.kind === "array_of") return { ...this.shape(type.value, depth + 1), items: type.value };
    if (type.kind === "union_of") return merged(type.items.map((item) => this.shape(item, depth + 1)));
    if (type.kind === "literal_value") return { ...shape, values: [JSON.stringify(type.value)] };
    if (type.kind === "dictionary_of") {
      const isField = type.key.kind === "instance_of" && type.key.type.name === "Field";
      return { ...shape, dictionary: { value: type.value, isField } };
    }
    return type.kind === "instance_of" ? this.#named(type.type, depth) : shape;
  }

  #named(name: Name, depth: number): Shape {
    const shape = { ...nothing(), names: [name.name] };
    if (name.namespace === "_builtins") return { ...shape, values: name.name === "boolean" ? ["true", "false"] : [] };
    const type = this.#find(name);
    if (!type) return shape;
    if (type.kind === "enum") return { ...shape, values: type.members!.map((member) => JSON.stringify(member.name)) };
    if (type.kind === "type_alias") return merged([shape, this.shape(type.type!, depth + 1)]);
    const inherited = type.inherits ? this.#named(type.inherits.type, depth + 1).properties : [];
    return { ...shape, properties: [...everyName(type.properties ?? []), ...inherited] };
  }

  #find(name: Name): Type | undefined {
    return this.#types.get(`${name.namespace}.${name.name}`);
  }
}

const everyName = (properties: Property[]): Property[] =>
  properties.flatMap((each) => [each, ...(each.aliases ?? []).map((name) => ({ ...each, name }))]);

const nothing = (): Shape => ({
  properties: [],
  dictionary: null,
  items: null,
  values: [],
  names: [],
});

function merged(shapes: Shape[]): Shape {
  return {
    properties: shapes.flatMap((each) => each.properties),
    dictionary: shapes.find((each) => each.dictionary)?.dictionary ?? null,
    items: shapes.find((each) => each.items)?.items ?? null,
    values: shapes.flatMap((each) => each.values),
    names: shapes.flatMap((each) => each.names),
  };
}

export const segments = (path: string): string[] => path.replace(/\?.*$/, "").split("/").filter(Boolean);

/** How many parts of a path are those of the template; -1 if it is of another form. */
function fixedParts(template: string[], asked: string[]): number {
  if (template.length !== asked.length) return -1;
  let fixed = 0;
  for (const [index, part] of template.entries()) {
    if (part === asked[index]) fixed++;
    else if (!part.startsWith("{") || asked[index]!.startsWith("_")) return -1;
  }
  return fixed;
}

let loading: Promise<Specification> | null = null;

/** The specification, fetched when it is first needed. */
export function specification(): Promise<Specification> {
  loading ??= fetch(address("console/static/schema.json"))
    .then((response) => response.json() as Promise<Schema>)
    .then((schema) => new Specification(schema));
  loading.catch(() => (loading = null));
  return loading;
}
