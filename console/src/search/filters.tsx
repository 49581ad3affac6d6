import { ActionIcon, Autocomplete, Box, Button, Group, Pill, Select } from "@mantine/core";
import { IconFilterPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { valuesQuery } from "./ask";
import { type Filter, isOrdered, written } from "./filter";
import type { Field } from "./plan";

interface Properties {
  index: string;
  fields: Field[];
  filters: Filter[];
  change: (filters: Filter[]) => void;
}

/** What hits must be, besides what is searched for. */
export function Filters({ index, fields, filters, change }: Properties) {
  const [name, setName] = useState<string | null>(null);
  const [value, setValue] = useState("");
  const field = fields.find((each) => each.name === name);
  const values = useQuery(valuesQuery(index, field && !isOrdered(field) ? field.name : null));
  if (fields.length === 0) return null;
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (!name || !value.trim()) return;
    const filter = { field: name, value: value.trim() };
    change([...filters.filter((each) => written(each) !== written(filter)), filter]);
    setValue("");
  };
  return (
    <Group mb="md" gap="xs" align="flex-end">
      {filters.map((filter) => (
        <Pill key={written(filter)} size="lg">
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
            value={name}
            onChange={(chosen) => {
              setName(chosen);
              setValue("");
            }}
            searchable
          />
          <Autocomplete
            size="xs"
            aria-label="Value"
            placeholder={field && isOrdered(field) ? "3, >= 3, 2..4" : "value"}
            data={field && !isOrdered(field) ? (values.data ?? []) : []}
            value={value}
            onChange={setValue}
          />
          <Button
            size="xs"
            type="submit"
            variant="default"
            disabled={!name || !value.trim()}
            leftSection={<IconFilterPlus size={14} aria-hidden />}
          >
            Filter
          </Button>
        </Group>
      </Box>
    </Group>
  );
}
