import { call, part } from "../api/client";
import { client, modelsQuery, placementsQuery, servicesQuery } from "../api/queries";

/** Names that the server has now, by kind. What it cannot tell is an empty list. */
export const live = {
  endpoints: async () => (await none(() => client.fetchQuery(placementsQuery))).map((each) => each.inference_id),
  models: () =>
    none(async () => (await client.fetchQuery(modelsQuery)).models.flatMap((each) => [each.id, ...each.aliases])),
  services: () => none(() => client.fetchQuery(servicesQuery)),
  indices: async () => (await none(indices)).map((each) => each.index),
  fields: (index: string) => none(() => fields(index)),
};

const indices = () =>
  client.fetchQuery({
    queryKey: ["names", "indices"],
    queryFn: () => call<{ index: string }[]>("GET", "_cat/indices?format=json"),
    staleTime: 10_000,
    retry: false,
  });

type Mapping = { properties?: Record<string, Mapping>; fields?: Record<string, Mapping> };

/** The names of an index's fields, those of objects with dots. */
const fields = (index: string) =>
  client.fetchQuery({
    queryKey: ["names", "fields", index],
    queryFn: async () => {
      const found = await call<Record<string, { mappings: Mapping }>>("GET", `${part(index)}/_mapping`);
      return Object.values(found).flatMap((each) => leaves(each.mappings, ""));
    },
    staleTime: 10_000,
    retry: false,
  });

export function leaves({ properties = {}, fields = {} }: Mapping, above: string): string[] {
  return Object.entries({ ...properties, ...fields }).flatMap(([name, inner]) => [
    ...(inner.properties ? [] : [`${above}${name}`]),
    ...leaves(inner, `${above}${name}.`),
  ]);
}

async function none<T>(ask: () => Promise<T[]>): Promise<T[]> {
  return ask().catch(() => []);
}
