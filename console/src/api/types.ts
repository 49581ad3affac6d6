// The shapes of the wire that the console reads. Members that it does not read are left out.

export interface Placement {
  inference_id: string;
  task_type?: string;
  service?: string;
  preconfigured?: boolean;
  requested_model?: string | null;
  model_id?: string;
  device?: string;
  precision?: string;
  state: string;
  reason?: string;
  allocations?: number;
  waiting?: number;
}

export interface Endpoint {
  inference_id: string;
  task_type: string;
  service: string;
  service_settings: Record<string, unknown>;
  task_settings?: Record<string, unknown>;
  chunking_settings?: Record<string, unknown>;
  [member: string]: unknown;
}

export interface Setting {
  label: string;
  description: string;
  required: boolean;
  sensitive: boolean;
  updatable: boolean;
  type: "str" | "int" | "float" | "bool" | "list" | "map";
  scope: "service_settings" | "task_settings";
  choices?: string[];
  default_value?: unknown;
  supported_task_types: string[];
}

export interface Service {
  service: string;
  name: string;
  task_types: string[];
  configurations: Record<string, Setting>;
}

export type Series = Record<
  "requests" | "errors" | "input_tokens" | "output_tokens" | "cache_hits" | "cache_misses" | "milliseconds" | "slowest",
  number[]
>;

export interface Activity {
  slots: number;
  seconds: number;
  endpoints: Record<string, Series>;
}

export interface Model {
  id: string;
  aliases: string[];
  task_type: string;
  licence: string;
  present: boolean;
  bytes: number | null;
  source: string;
  max_tokens: number;
  note: string;
  served_by?: string;
  /** How far its pull is: of the file that comes now. */
  pulling?: { file: string | null; done: number; total: number | null };
  pull_failed?: string;
}

/** An upload that is not whole yet. */
export interface Upload {
  model_id: string;
  parts: number;
  total_parts: number | null;
  bytes: number;
  total_bytes: number | null;
}

export interface Deployment {
  state: string;
  model_id?: string;
  device?: string;
  precision?: string;
  allocations?: number;
  waiting?: number;
  reason?: string;
  totals?: { items: number; rejected: number };
}

/** A sparse vector: weights by token. */
export type Weights = Record<string, number>;

export interface DryRun {
  pipelines: string[];
  indexes: string[];
  error_message: string;
}

export interface Info {
  version: { number: string; build_hash: string };
}
