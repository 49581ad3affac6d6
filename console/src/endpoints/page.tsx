import { Box, Button, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { activityQuery, placementsQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../components/states";
import { PageTitle } from "../components/title";
import { AddEndpoint } from "./add";
import { EndpointCards } from "./cards";
import { EndpointDetail } from "./detail";
import { RemoveEndpoint } from "./remove";
import { filtered, GROUPS, type GroupBy, grouped, type Row, rows, type SortBy, sorted } from "./rows";
import { EndpointTable } from "./table";
import { Toolbar } from "./toolbar";

export function EndpointsPage() {
  const placements = useQuery(placementsQuery);
  const activity = useQuery(activityQuery);
  const all = useMemo(() => rows(placements.data ?? [], activity.data), [placements.data, activity.data]);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const [params, setParams] = useSearchParams();
  const view = params.get("view");
  const show = (id: string | null) =>
    setParams((before) => {
      before.delete("view");
      if (id) before.set("view", id);
      return before;
    });
  return (
    <>
      <PageTitle
        title="Inference endpoints"
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
            Add endpoint
          </Button>
        }
      >
        What turns text into vectors, scores and answers: where each runs, and how it does.
      </PageTitle>
      {placements.isPending && <Loading what="endpoints" />}
      {placements.error && <Failure error={placements.error} retry={placements.refetch} />}
      {placements.data && <Endpoints all={all} show={show} remove={setRemoving} />}
      <AddEndpoint opened={adding} close={() => setAdding(false)} />
      <EndpointDetail id={view} row={all.find((row) => row.id === view)} close={() => show(null)} />
      <RemoveEndpoint id={removing} close={() => setRemoving(null)} />
    </>
  );
}

function Endpoints({ all, show, remove }: { all: Row[]; show: (id: string) => void; remove: (id: string) => void }) {
  const [params, setParams] = useSearchParams();
  const [filters, setFilters] = useState({ text: "", services: [] as string[], tasks: [] as string[] });
  const [sort, setSort] = useState<{ by: SortBy; descending: boolean }>({ by: "id", descending: false });
  const groupBy = GROUPS.find((each) => each === params.get("groupBy")) ?? "none";
  const found = filtered(all, filters);
  const groups = grouped(sorted(found, sort.by, sort.descending), groupBy);
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const View = isNarrow ? EndpointCards : EndpointTable;
  const set = (value: GroupBy) =>
    setParams((before) => {
      before.set("groupBy", value);
      return before;
    });
  return (
    <Box className="card">
      <Toolbar all={all} filters={filters} setFilters={setFilters} groupBy={groupBy} setGroupBy={set} />
      <Text size="sm" c="dimmed" px="md" pb="sm" role="status">
        {summary(all, found)}
      </Text>
      {found.length > 0 ? (
        <View groups={groups} sort={sort} setSort={setSort} show={show} remove={remove} />
      ) : (
        <Empty
          title="Nothing matches"
          action={
            <Button variant="default" onClick={() => setFilters({ text: "", services: [], tasks: [] })}>
              Show all endpoints
            </Button>
          }
        >
          No endpoint matches these filters.
        </Empty>
      )}
    </Box>
  );
}

function summary(all: Row[], found: Row[]): string {
  const kinds = new Set(all.map((row) => row.service)).size;
  const running = all.filter((row) => row.state.label === "Running").length;
  const shown = found.length === all.length ? `${all.length}` : `${found.length} of ${all.length}`;
  return `${shown} endpoints · ${kinds} services · ${running} loaded on this machine`;
}
