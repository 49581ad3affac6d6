import type { Activity, Placement, Series } from "../api/types";

/** An endpoint as the table shows it. */
export interface Row {
  id: string;
  task: string;
  service: string;
  model: string;
  place: Place;
  state: State;
  preconfigured: boolean;
  allocations: number | null;
  waiting: number;
  series: Series | null;
  requests: number;
}

export interface Place {
  kind: "cpu" | "gpu" | "remote" | "service";
  label: string;
}

export interface State {
  tone: "good" | "idle" | "busy" | "bad";
  label: string;
  reason?: string;
}

export const GROUPS = ["none", "model", "service", "task"] as const;
export type GroupBy = (typeof GROUPS)[number];
export type SortBy = "id" | "model" | "service" | "task" | "place" | "requests";

export interface Filters {
  text: string;
  services: string[];
  tasks: string[];
}

export function rows(placements: Placement[], activity: Activity | undefined): Row[] {
  return placements.map((each) => {
    const series = activity?.endpoints[each.inference_id] ?? null;
    return {
      id: each.inference_id,
      task: each.task_type ?? "unknown",
      service: each.service ?? "unknown",
      model: each.model_id ?? each.requested_model ?? "unknown",
      place: place(each),
      state: state(each),
      preconfigured: each.preconfigured ?? false,
      allocations: each.allocations ?? null,
      waiting: each.waiting ?? 0,
      series,
      requests: series ? sum(series.requests) : 0,
    };
  });
}

export const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** The mean of times, weighted by how many requests took them. */
export function meanTime(series: Series): number | null {
  const requests = sum(series.requests);
  return requests ? sum(series.milliseconds.map((time, slot) => time * series.requests[slot]!)) / requests : null;
}

function place({ device = "", service = "" }: Placement): Place {
  const gpu = /^cuda:(\d+)$/.exec(device);
  if (gpu) return { kind: "gpu", label: `GPU ${gpu[1]}` };
  if (device === "cpu") return { kind: "cpu", label: "CPU" };
  const remote = /^remote (?:https?:\/\/)?(.*)$/.exec(device);
  if (remote) return { kind: "remote", label: remote[1]! };
  return { kind: "service", label: device.replace(/^service /, "") || service };
}

function state({ state, reason }: Placement): State {
  const known: Record<string, State> = {
    started: { tone: "good", label: "Running" },
    remote: { tone: "good", label: "Ready" },
    "not loaded": { tone: "idle", label: "Loads at first use" },
    starting: { tone: "busy", label: "Loading" },
    failed: { tone: "bad", label: "Failed" },
    "cannot be used": { tone: "bad", label: "Cannot be used" },
  };
  const found = known[state] ?? { tone: "idle", label: state };
  return reason ? { ...found, reason } : found;
}

/** The rows that the filters let through: every word of the text is somewhere in the row. */
export function filtered(all: Row[], { text, services, tasks }: Filters): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((row) => {
    const whole = `${row.id} ${row.model} ${row.service} ${row.task} ${row.place.label}`.toLowerCase();
    return (
      words.every((word) => whole.includes(word)) &&
      (services.length === 0 || services.includes(row.service)) &&
      (tasks.length === 0 || tasks.includes(row.task))
    );
  });
}

export function sorted(all: Row[], by: SortBy, isDescending: boolean): Row[] {
  const key = (row: Row) => (by === "place" ? row.place.label : row[by]);
  const order = (one: Row, other: Row) => {
    const [a, b] = [key(one), key(other)];
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  };
  return all.toSorted(
    (one, other) => (isDescending ? order(other, one) : order(one, other)) || one.id.localeCompare(other.id),
  );
}

/** The rows in groups, with a heading each; one group without a heading if they are not grouped. */
export function grouped(all: Row[], by: GroupBy): [string, Row[]][] {
  if (by === "none") return [["", all]];
  const groups = Map.groupBy(all, (row) => row[by]);
  return [...groups].toSorted(([one], [other]) => one.localeCompare(other));
}
