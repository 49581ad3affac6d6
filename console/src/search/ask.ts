import { queryOptions } from "@tanstack/react-query";
import { call, part } from "../api/client";
import { every, soon } from "../api/queries";
import { type Field, type Found, fieldsOf, type Mapping, type Way } from "./plan";

export interface Index {
  index: string;
  "docs.count"?: string;
  health?: string;
}

export const indicesQuery = queryOptions({
  queryKey: ["indices"],
  queryFn: async ({ signal }) => {
    const all = await call<Index[]>("GET", "_cat/indices?format=json", undefined, soon(signal));
    return all
      .filter((each) => !each.index.startsWith("."))
      .toSorted((one, other) => one.index.localeCompare(other.index));
  },
  refetchInterval: every(10_000),
});

export const fieldsQuery = (index: string) =>
  queryOptions({
    queryKey: ["fields", index],
    queryFn: async ({ signal }): Promise<Field[]> => {
      const found = await call<Record<string, { mappings: Mapping }>>(
        "GET",
        `${part(index)}/_mapping`,
        undefined,
        signal,
      );
      return Object.values(found).flatMap((each) => fieldsOf(each.mappings));
    },
    staleTime: 30_000,
  });

export const searchQuery = (index: string, way: Way) =>
  queryOptions({
    queryKey: ["search", index, way.kind, way.body],
    queryFn: async ({ signal }) => {
      const began = performance.now();
      const found = await call<Found>("POST", `${part(index)}/_search`, way.body, signal);
      return { ...found, milliseconds: performance.now() - began };
    },
    staleTime: 60_000,
  });

/** The commonest values of a field. */
export const valuesQuery = (index: string, field: string | null) =>
  queryOptions({
    queryKey: ["values", index, field],
    enabled: field !== null,
    queryFn: async ({ signal }) => {
      const body = { size: 0, aggs: { values: { terms: { field, size: 50 } } } };
      const found = await call<Counted>("POST", `${part(index)}/_search`, body, signal);
      return found.aggregations.values.buckets.map((each) => each.key_as_string ?? String(each.key));
    },
    staleTime: 30_000,
    retry: false,
  });

interface Counted {
  aggregations: { values: { buckets: { key: unknown; key_as_string?: string }[] } };
}
