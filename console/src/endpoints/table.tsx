import { Badge, Box, Group, Table, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCloud, IconCpu, IconServer, IconTopologyStar3 } from "@tabler/icons-react";
import { Fragment } from "react";
import { spoken } from "../components/format";
import { Figures } from "./figures";
import { RowMenu } from "./menu";
import type { Place, Row, SortBy, State } from "./rows";

export interface Sort {
  by: SortBy;
  descending: boolean;
}

const COLUMNS: [SortBy, string][] = [
  ["id", "Endpoint"],
  ["model", "Model and service"],
  ["place", "Runs on"],
];

export interface Properties {
  groups: [string, Row[]][];
  sort: Sort;
  setSort: (sort: Sort) => void;
  show: (id: string) => void;
  remove: (id: string) => void;
}

export function EndpointTable({ groups, sort, setSort, show, remove }: Properties) {
  return (
    <Table.ScrollContainer
      minWidth={860}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Endpoints", role: "region" } }}
    >
      <Table verticalSpacing="sm" horizontalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map(([by, label]) => (
              <SortHeader key={by} by={by} label={label} sort={sort} setSort={setSort} />
            ))}
            <Table.Th fz="xs" c="dimmed">
              Last hour
            </Table.Th>
            <Table.Th className="ends">
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map(([heading, rows]) => (
            <Fragment key={heading}>
              {heading && (
                <Table.Tr bg="var(--sunken)">
                  <Table.Th colSpan={5} scope="rowgroup">
                    <Groups heading={heading} count={rows.length} />
                  </Table.Th>
                </Table.Tr>
              )}
              {rows.map((row) => (
                <EndpointRow key={row.id} row={row} show={show} remove={remove} />
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What a group has in common, and how many it has. */
export function Groups({ heading, count }: { heading: string; count: number }) {
  return (
    <>
      <Text span fw={600} size="sm">
        {spoken(heading)}
      </Text>{" "}
      <Text span size="sm" c="dimmed">
        {count}
      </Text>
    </>
  );
}

function SortHeader({
  by,
  label,
  sort,
  setSort,
}: {
  by: SortBy;
  label: string;
  sort: Sort;
  setSort: (sort: Sort) => void;
}) {
  const isActive = sort.by === by;
  const Arrow = sort.descending ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th aria-sort={isActive ? (sort.descending ? "descending" : "ascending") : undefined}>
      <UnstyledButton
        onClick={() => setSort({ by, descending: isActive && !sort.descending })}
        fz="xs"
        c="dimmed"
        fw={600}
      >
        <Group gap={4} wrap="nowrap">
          {label}
          {isActive && <Arrow size={13} aria-hidden />}
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
}

function EndpointRow({ row, show, remove }: { row: Row; show: (id: string) => void; remove: (id: string) => void }) {
  return (
    <Table.Tr data-endpoint={row.id}>
      <Table.Td>
        <Named row={row} show={show} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" style={{ overflowWrap: "break-word" }} maw={250}>
          {row.model}
        </Text>
        <Text size="xs" c="dimmed" mt={2}>
          {row.service}
        </Text>
      </Table.Td>
      <Table.Td>
        <WhereItRuns place={row.place} />
        <StateMark state={row.state} row={row} />
      </Table.Td>
      <Table.Td>
        <Figures row={row} />
      </Table.Td>
      <Table.Td className="ends">
        <RowMenu row={row} show={show} remove={remove} />
      </Table.Td>
    </Table.Tr>
  );
}

/** What an endpoint is called, and of which kind it is. */
export function Named({ row, show }: { row: Row; show: (id: string) => void }) {
  return (
    <Box>
      <UnstyledButton
        onClick={() => show(row.id)}
        className="mono"
        fw={550}
        fz={13.5}
        c="var(--said)"
        style={{ overflowWrap: "anywhere" }}
      >
        {row.id}
      </UnstyledButton>
      <Group gap={6} mt={4}>
        <Badge size="sm" fz={11} variant="light" color="gray" tt="none" fw={500} c="var(--mantine-color-text)">
          {spoken(row.task)}
        </Badge>
        {row.preconfigured && (
          <Badge size="sm" fz={11} variant="light" color="amber" tt="none" fw={500} c="var(--suggested)">
            preconfigured
          </Badge>
        )}
      </Group>
    </Box>
  );
}

const ICONS = { cpu: IconCpu, gpu: IconTopologyStar3, remote: IconServer, service: IconCloud };

export function WhereItRuns({ place }: { place: Place }) {
  const Icon = ICONS[place.kind];
  return (
    <Group gap={6} wrap="nowrap">
      <Icon size={15} stroke={1.6} aria-hidden />
      <Text size="sm" style={{ whiteSpace: "nowrap" }}>
        {place.label}
      </Text>
    </Group>
  );
}

const TONES = { good: "var(--good)", idle: "var(--mantine-color-dimmed)", busy: "var(--suggested)", bad: "var(--bad)" };

export function StateMark({ state, row }: { state: State; row?: Row }) {
  const workers =
    row?.allocations != null && state.tone === "good"
      ? ` · ${row.allocations} worker${row.allocations === 1 ? "" : "s"}`
      : "";
  const queue = row?.waiting ? ` · ${row.waiting} waiting` : "";
  const mark = (
    <Group gap={6} wrap="nowrap" mt={2}>
      <svg width={8} height={8} aria-hidden="true" style={{ flexShrink: 0 }}>
        <circle
          cx={4}
          cy={4}
          r={3}
          fill={state.tone === "idle" ? "none" : TONES[state.tone]}
          stroke={TONES[state.tone]}
        />
      </svg>
      <Text size="xs" c={TONES[state.tone]}>
        {state.label}
        {workers}
        {queue}
      </Text>
    </Group>
  );
  return state.reason ? (
    <Tooltip label={state.reason} multiline maw={360} withArrow>
      {mark}
    </Tooltip>
  ) : (
    mark
  );
}
