import { SimpleGrid } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { placementsQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../components/states";
import { fieldsQuery, searchQuery } from "./ask";
import { Column } from "./column";
import { type Filter, filterable, read, written } from "./filter";
import { Filters } from "./filters";
import { GeoMap } from "./geomap";
import { ways } from "./plan";

/** The answers of every way that the index can be searched. */
export function Results({ index, query }: { index: string; query: string }) {
  const fields = useQuery(fieldsQuery(index));
  const placements = useQuery(placementsQuery);
  const [params, setParams] = useSearchParams();
  const filters = params.getAll("filter").map(read);
  const setFilters = (all: Filter[]) =>
    setParams((before) => {
      before.delete("filter");
      for (const each of all) before.append("filter", written(each));
      return before;
    });
  const [looked, setLooked] = useState<string | null>(null);
  const tasks = new Map((placements.data ?? []).map((each) => [each.inference_id, each.task_type ?? ""]));
  const all = ways(fields.data ?? [], query, tasks, filters);
  const answers = useQueries({ queries: placements.isPending ? [] : all.map((way) => searchQuery(index, way)) });
  if (fields.isPending || placements.isPending) return <Loading what="the mapping" />;
  if (fields.error) return <Failure error={fields.error} retry={fields.refetch} />;
  if (all.length === 0)
    return (
      <Empty title="This index has no text">It has no field of the types text or semantic_text to search in.</Empty>
    );
  const found = all.map((way, at) => ({ name: way.name, hits: answers[at]?.data?.hits.hits ?? [] }));
  const geo = fields.data.find((field) => field.type === "geo_point");
  return (
    <>
      <Filters index={index} fields={filterable(fields.data)} filters={filters} change={setFilters} />
      {geo && <GeoMap field={geo.name} found={found} looked={looked} look={setLooked} />}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: all.length }} spacing="md">
        {all.map((way, at) => (
          <Column
            key={way.kind}
            index={index}
            way={way}
            answer={answers[at]!}
            found={found}
            query={query}
            looked={looked}
            look={setLooked}
          />
        ))}
      </SimpleGrid>
    </>
  );
}
