import type { Field } from "./plan";

/** What a field must be: a value, or of numbers and dates also `>= 3`, `< 600000` or `2..4`. */
export interface Filter {
  field: string;
  value: string;
}

const EXACT = /^(keyword|constant_keyword|boolean|ip)$/;
const ORDERED = /^(byte|short|integer|long|unsigned_long|float|half_float|scaled_float|double|date)$/;
const BOUNDS: Record<string, string> = { ">=": "gte", "<=": "lte", ">": "gt", "<": "lt" };

/** The fields that a filter can name. */
export const filterable = (fields: Field[]): Field[] =>
  fields.filter((field) => EXACT.test(field.type) || isOrdered(field));

/** Whether its values are more or less, so that a filter may be a range. */
export const isOrdered = (field: Field): boolean => ORDERED.test(field.type);

/** The filter as a query. */
export function clause({ field, value }: Filter, fields: Field[]): object {
  const found = fields.find((each) => each.name === field);
  const [, least, most] = /^\s*(.+?)\s*\.\.\s*(.+?)\s*$/.exec(value) ?? [];
  const [, sign, bound] = /^\s*(>=|<=|>|<)\s*(.+?)\s*$/.exec(value) ?? [];
  if (!found || !isOrdered(found) || !(least || sign)) return { term: { [field]: value } };
  return { range: { [field]: sign ? { [BOUNDS[sign]!]: bound } : { gte: least, lte: most } } };
}

/** Filters as an address has them: `field:value`. */
export const written = ({ field, value }: Filter): string => `${field}:${value}`;

export function read(text: string): Filter {
  const at = text.indexOf(":");
  return { field: text.slice(0, at), value: text.slice(at + 1) };
}
