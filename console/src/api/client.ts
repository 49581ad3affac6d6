import { ApiError, fromBody } from "./errors";
import { access, apiKey, presence } from "./session";

// The console may be served below a path; the API is beside it.
const ROOT = typeof location === "undefined" ? "" : location.pathname.replace(/\/console(\/.*)?$/, "");

/** The address of an API path. */
export function address(path: string): string {
  return `${ROOT}/${path.replace(/^\/+/, "")}`;
}

/** Send a request as it is. Throws ApiError only if there is no answer. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = apiKey();
  if (key) headers.set("Authorization", `ApiKey ${key}`);
  const response = await fetch(address(path), { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    presence.set("away");
    throw new ApiError(0, "unreachable", "connote does not answer. Is the server running?");
  });
  presence.set("here");
  // A third party's 401 is passed on, without this header: then it is the endpoint's key that is wrong.
  if (response.status === 401 && response.headers.has("WWW-Authenticate")) access.set("refused");
  return response;
}

/** Ask for JSON. Throws ApiError for every answer that is an error. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const response = await send(path, init);
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw fromBody(response.status, answer);
  return answer as T;
}

/** A part of a path. */
export const part = encodeURIComponent;
