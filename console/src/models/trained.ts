import { queryOptions } from "@tanstack/react-query";
import { call, part } from "../api/client";
import { ApiError } from "../api/errors";
import { every, soon } from "../api/queries";
import type { Deployment, Model } from "../api/types";

/** A model that `_ml/trained_models` lists: uploaded, or added from the catalog. */
export interface Trained {
  model_id: string;
  model_type: string;
  description?: string;
  model_size_bytes?: number;
  fully_defined?: boolean;
  inference_config?: Record<string, unknown>;
}

interface Stats {
  model_id: string;
  deployment_stats?: {
    deployment_id: string;
    model_id: string;
    state?: string;
    reason?: string;
    number_of_allocations?: number;
    allocation_status?: { allocation_count: number; target_allocation_count: number; state: string };
    inference_count?: number;
    rejected_execution_count?: number;
  };
}

/** Null if this server has no API for trained models. */
async function known<T>(ask: Promise<T>): Promise<T | null> {
  return ask.catch((error: unknown) => {
    if (error instanceof ApiError && error.isUnknownRoute) return null;
    throw error;
  });
}

export const trainedQuery = queryOptions({
  queryKey: ["trained"],
  queryFn: async ({ signal }) => {
    const path = "_ml/trained_models?include=definition_status&size=1000";
    const found = await known(call<{ trained_model_configs: Trained[] }>("GET", path, undefined, soon(signal)));
    return found?.trained_model_configs ?? null;
  },
  refetchInterval: every(4_000),
});

export const statsQuery = queryOptions({
  queryKey: ["trained", "stats"],
  queryFn: async ({ signal }) => {
    const found = await known(
      call<{ trained_model_stats: Stats[] }>("GET", "_ml/trained_models/_stats?size=1000", undefined, soon(signal)),
    );
    return found?.trained_model_stats ?? null;
  },
  refetchInterval: every(3_000),
});

/** A deployment as the page shows it. */
export interface Running {
  id: string;
  model: string;
  state: string;
  reason: string | null;
  where: string;
  workers: number | null;
  /** How many workers are wished for. */
  wished: number;
  waiting: number;
  answered: number;
  rejected: number;
  /** Whether it is of `_ml`, which can scale and stop it; an endpoint's is the endpoint's affair. */
  isOwn: boolean;
}

/** Deployments of the API for trained models, and those that `endpoints` have. */
export function running(
  diagnostics: Record<string, Deployment>,
  stats: Stats[] | null,
  endpoints: ReadonlySet<string>,
): Running[] {
  const all = new Map<string, Running>();
  for (const [id, each] of Object.entries(diagnostics)) {
    all.set(id, {
      id,
      model: each.model_id ?? "",
      state: each.state,
      reason: each.reason ?? null,
      where: [each.device, each.precision].filter(Boolean).join(", "),
      workers: each.allocations ?? null,
      wished: each.allocations ?? 0,
      waiting: each.waiting ?? 0,
      answered: each.totals?.items ?? 0,
      rejected: each.totals?.rejected ?? 0,
      isOwn: false,
    });
  }
  for (const { deployment_stats: each } of stats ?? []) {
    if (!each || endpoints.has(each.deployment_id)) continue;
    const before = all.get(each.deployment_id);
    all.set(each.deployment_id, {
      id: each.deployment_id,
      model: each.model_id,
      state: each.state ?? before?.state ?? "unknown",
      reason: each.reason || null,
      where: before?.where ?? "",
      workers: each.allocation_status?.allocation_count ?? before?.workers ?? null,
      wished: each.allocation_status?.target_allocation_count ?? each.number_of_allocations ?? 1,
      waiting: before?.waiting ?? 0,
      answered: each.inference_count ?? before?.answered ?? 0,
      rejected: each.rejected_execution_count ?? before?.rejected ?? 0,
      isOwn: true,
    });
  }
  return [...all.values()].toSorted((one, other) => one.id.localeCompare(other.id));
}

/** The name by which a model of the catalog can be asked of `_ml`, whose ids have no slash. */
export function trainedName(model: Model): string | null {
  return [model.id, ...model.aliases].find((name) => !name.includes("/")) ?? null;
}

const at = (id: string) => `_ml/trained_models/${part(id)}`;

export const pull = (id: string) => call("POST", `_connote/models/${part(id)}/_pull`);
export const start = (id: string) => call("POST", `${at(id)}/deployment/_start?wait_for=starting`);
export const scale = (id: string, workers: number) =>
  call("POST", `${at(id)}/deployment/_update`, { number_of_allocations: workers });
export const stop = (id: string, force: boolean) =>
  call("POST", `${at(id)}/deployment/_stop${force ? "?force=true" : ""}`);
