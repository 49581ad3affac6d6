import { QueryClient, queryOptions } from "@tanstack/react-query";
import { call, part } from "./client";
import { ApiError } from "./errors";
import type { Activity, Deployment, Endpoint, Info, Model, Placement, Service, Upload } from "./types";

/** What the pages ask, and how often it is asked anew while somebody looks. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always", // loopback needs no network
      retry: (count, error) => count < 1 && !(error instanceof ApiError),
      staleTime: 2_000,
    },
    mutations: { networkMode: "always" },
  },
});

const PATIENCE = 10_000;

/** For questions that are asked again and again: a server that does not answer them is as good as away. */
export const soon = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);

/** Again after so many milliseconds; not where a key is wanted, since only somebody who enters one changes that. */
export const every = (milliseconds: number) => (query: { state: { error: Error | null } }) =>
  query.state.error instanceof ApiError && query.state.error.wantsKey ? false : milliseconds;

export const infoQuery = queryOptions({
  queryKey: ["info"],
  queryFn: ({ signal }) => call<Info>("GET", "/", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const placementsQuery = queryOptions({
  queryKey: ["placements"],
  queryFn: async ({ signal }) =>
    (await call<{ endpoints: Placement[] }>("GET", "_connote/endpoints", undefined, soon(signal))).endpoints,
  refetchInterval: every(5_000),
});

export const activityQuery = queryOptions({
  queryKey: ["activity"],
  queryFn: ({ signal }) => call<Activity>("GET", "_connote/activity", undefined, soon(signal)),
  refetchInterval: every(5_000),
});

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoint", id],
    queryFn: async ({ signal }) =>
      (await call<{ endpoints: Endpoint[] }>("GET", `_inference/${part(id)}`, undefined, signal)).endpoints[0]!,
  });

export const servicesQuery = queryOptions({
  queryKey: ["services"],
  queryFn: ({ signal }) => call<Service[]>("GET", "_inference/_services", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: ({ signal }) => call<{ models: Model[]; uploads: Upload[] }>("GET", "_connote/models", undefined, signal),
  refetchInterval: (query) =>
    query.state.data?.models.some((each) => each.pulling) ? 700 : every(4_000)({ state: query.state }),
});

export const deploymentsQuery = queryOptions({
  queryKey: ["deployments"],
  queryFn: async ({ signal }) =>
    (await call<{ deployments: Record<string, Deployment> }>("GET", "_inference/.diagnostics", undefined, soon(signal)))
      .deployments,
  refetchInterval: every(3_000),
});
