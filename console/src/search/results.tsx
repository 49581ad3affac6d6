import { ActionIcon, Box, Button, Group, Pill, Select, SimpleGrid, TextInput } from "@mantine/core";
import { IconFilterPlus, IconX } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { placementsQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../components/states";
import { fieldsQuery, searchQuery } from "./ask";
import { Column } from "./column";
import { GeoMap } from "./geomap";
import { type Field, type Filter, filterable, ways } from "./plan";

/** The answers of every way that the index can be searched. */
export function Results({ index, query }: { index: string; query: string }) {
  const fields = useQuery(fieldsQuery(index));
  const placements = useQuery(placementsQuery);
  const [filters, setFilters] = useState<Filter[]>([]);
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
      <Filters fields={filterable(fields.data)} filters={filters} change={setFilters} />
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

function Filters({
  fields,
  filters,
  change,
}: {
  fields: Field[];
  filters: Filter[];
  change: (filters: Filter[]) => void;
}) {
  const [field, setField] = useState<string | null>(null);
  const [value, setValue] = useState("");
  if (fields.length === 0) return null;
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!field || !value) return;
    change([...filters.filter((each) => each.field !== field), { field, value }]);
    setValue("");
  };
  return (
    <Group mb="md" gap="xs" align="flex-end">
      {filters.map((filter) => (
        <Pill key={filter.field} size="lg">
          {filter.field}: {filter.value}
          <ActionIcon
            variant="transparent"
            size="xs"
            c="inherit"
            ml={4}
            aria-label={`Remove the filter on ${filter.field}`}
            onClick={() => change(filters.filter((each) => each !== filter))}
          >
            <IconX size={12} />
          </ActionIcon>
        </Pill>
      ))}
      <Box component="form" onSubmit={add}>
        <Group gap="xs">
          <Select
            size="xs"
            aria-label="Field to filter by"
            placeholder="Filter by"
            data={fields.map((each) => each.name)}
            value={field}
            onChange={setField}
            searchable
          />
          <TextInput
            size="xs"
            aria-label="Value"
            placeholder="value"
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
          <Button
            size="xs"
            type="submit"
            variant="default"
            disabled={!field || !value}
            leftSection={<IconFilterPlus size={14} aria-hidden />}
          >
            Filter
          </Button>
        </Group>
      </Box>
    </Group>
  );
}
