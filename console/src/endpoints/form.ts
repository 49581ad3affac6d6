import type { ApiError } from "../api/errors";
import { isObject, parsed } from "../api/json";
import type { Service, Setting } from "../api/types";

/** A field of a form that was made from what the server tells of a service; its name is the setting's. */
export interface Field extends Setting {
  name: string;
  /** What is likely meant; anything else may be typed. */
  suggested?: string[];
}

/** What is typed into the fields, by name; an empty text is nothing. */
export type Values = Record<string, string | boolean | string[]>;
export type Problems = Record<string, string>;

/** The fields for a task of a service: what is required comes first. */
export function fields(service: Service | undefined, task: string | null): Field[] {
  const found = Object.entries(service?.configurations ?? {}).map(([name, setting]) => ({ name, ...setting }));
  return found
    .filter((field) => task !== null && field.supported_task_types.includes(task))
    .toSorted((one, other) => Number(other.required) - Number(one.required));
}

/** What is wrong with a value, as far as that can be told here; the server has the last word. */
export function problem(field: Field, value: Values[string] | undefined): string | null {
  if (isNothing(value)) return field.required ? `${field.label} is required` : null;
  if (typeof value !== "string") return null;
  if (field.type === "int" && !/^-?\d+$/.test(value.trim())) return "This must be a whole number";
  if (field.type === "float" && !Number.isFinite(Number(value))) return "This must be a number";
  if (field.type === "map" && !isObject(parsed(value))) return 'This must be a JSON object, such as {"name": "value"}';
  return null;
}

export function problems(all: Field[], values: Values): Problems {
  const found = all.map((field) => [field.name, problem(field, values[field.name])] as const);
  return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== null));
}

/** An id that the server takes. */
export function idProblem(id: string): string | null {
  if (!id) return "An id is required";
  return /^[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?$/.test(id)
    ? null
    : "Use lower-case letters, digits, and - _ . in between; begin and end with a letter or digit";
}

/** The settings of a request's body. `rate_limit.requests_per_minute` is a member of `rate_limit`. */
export function settings(all: Field[], values: Values): Record<string, Record<string, unknown>> {
  const body: Record<string, Record<string, unknown>> = {};
  for (const field of all) {
    const value = values[field.name];
    if (isNothing(value)) continue;
    let target: Record<string, unknown> = (body[field.scope] ??= {});
    const path = field.name.split(".");
    for (const name of path.slice(0, -1)) target = (target[name] ??= {}) as Record<string, unknown>;
    target[path.at(-1)!] = typed(field, value!);
  }
  return body;
}

/** What an update says of fields that were changed: null for one that was cleared, which then has its default again. */
export function changes(changed: Field[], values: Values): Record<string, Record<string, unknown>> {
  const body = settings(changed, values);
  for (const { name, scope } of changed) if (isNothing(values[name])) (body[scope] ??= {})[name.split(".")[0]!] = null;
  return body;
}

function typed(field: Field, value: Values[string]): unknown {
  if (typeof value !== "string") return value;
  if (field.type === "int" || field.type === "float") return Number(value);
  if (field.type === "map") return JSON.parse(value);
  return value;
}

/** The values that the fields of an existing endpoint begin with. Secrets are never shown, so they begin empty. */
export function current(all: Field[], endpoint: Record<string, unknown>): Values {
  const values: Values = {};
  for (const field of all) {
    let value: unknown = endpoint[field.scope];
    for (const name of field.name.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
    if (value === undefined || value === null || field.sensitive) continue;
    values[field.name] = Array.isArray(value) || typeof value === "boolean" ? value : text(value);
  }
  return values;
}

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** An error of the server, sorted by the fields that it names in brackets; what names none is `rest`. */
export function sortedError(error: ApiError, all: { name: string }[]): { byField: Problems; rest: string } {
  const names = new Map(all.flatMap(({ name }) => [[name, name] as const, [name.split(".").at(-1)!, name] as const]));
  const byField: Problems = {};
  const rest: string[] = [];
  for (const part of parts(error.message)) {
    const named = [...part.matchAll(/\[([\w.]+)\]|'([\w.]+)'/g)].map((match) => names.get(match[1] ?? match[2]!));
    const name =
      named.find((each) => each !== undefined) ?? (part.includes("inference_id") ? "inference_id" : undefined);
    if (name) byField[name] = byField[name] ? `${byField[name]}; ${part}` : part;
    else rest.push(part);
  }
  return { byField, rest: rest.join("\n") };
}

/** `Validation Failed: 1: this;2: that;` holds two. */
function parts(reason: string): string[] {
  if (!reason.startsWith("Validation Failed:")) return [reason];
  return reason
    .slice("Validation Failed:".length)
    .split(/(?:^|;)\s*\d+: /)
    .map((each) => each.trim().replace(/;$/, ""))
    .filter(Boolean);
}

function isNothing(value: Values[string] | undefined): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
