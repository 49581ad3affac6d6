import { Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { spoken } from "../components/format";
import type { Filters, GroupBy, Row } from "./rows";

const GROUPS = [
  { value: "none", label: "No groups" },
  { value: "model", label: "By model" },
  { value: "service", label: "By service" },
  { value: "task", label: "By task type" },
];

export function Toolbar({
  all,
  filters,
  setFilters,
  groupBy,
  setGroupBy,
}: {
  all: Row[];
  filters: Filters;
  setFilters: (filters: Filters) => void;
  groupBy: GroupBy;
  setGroupBy: (value: GroupBy) => void;
}) {
  const values = (of: (row: Row) => string) => [...new Set(all.map(of))].toSorted();
  return (
    <Group p="md" pb="sm" gap="sm">
      <TextInput
        aria-label="Search endpoints"
        placeholder="Search endpoints"
        type="search"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filters.text}
        onChange={(event) => setFilters({ ...filters, text: event.currentTarget.value })}
        flex="1 1 200px"
      />
      <MultiSelect
        aria-label="Service"
        placeholder={filters.services.length ? "" : "All services"}
        data={values((row) => row.service)}
        value={filters.services}
        onChange={(services) => setFilters({ ...filters, services })}
        clearable
        w={{ base: "100%", xs: 190 }}
      />
      <MultiSelect
        aria-label="Task type"
        placeholder={filters.tasks.length ? "" : "All task types"}
        data={values((row) => row.task).map((value) => ({ value, label: spoken(value) }))}
        value={filters.tasks}
        onChange={(tasks) => setFilters({ ...filters, tasks })}
        clearable
        w={{ base: "100%", xs: 210 }}
      />
      <Select
        aria-label="Group"
        data={GROUPS}
        value={groupBy}
        onChange={(value) => setGroupBy((value ?? "none") as GroupBy)}
        allowDeselect={false}
        w={{ base: "100%", xs: 150 }}
      />
    </Group>
  );
}
