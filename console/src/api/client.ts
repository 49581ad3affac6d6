import { ApiError, fromBody } from "./errors";
import { parsed } from "./json";
import { access, apiKey, presence } from "./session";

// The console may be served below a path; the API is beside it.
const ROOT = typeof location === "undefined" ? "" : location.pathname.replace(/\/console(\/.*)?$/, "");

/** The address of an API path. A path cannot name another host: browsers take `//` and `/\\` before one for that. */
export function address(path: string): string {
  return `${ROOT}/${path.replace(/^[\s/\\]+/, "")}`;
}

/** Send a request as it is. Throws ApiError only if there is no answer. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(address(path), init);
  const key = apiKey();
  if (key) request.headers.set("Authorization", `ApiKey ${key}`);
  const response = await fetch(request).catch((error: unknown) => {
    throw lost(error, request.signal);
  });
  presence.set("here");
  // A 401 without this header is a service's, which connote passes on; and another key may have been entered meanwhile.
  if (response.status === 401 && response.headers.has("WWW-Authenticate") && key === apiKey()) access.set("refused");
  return response;
}

/** What it means that there is no answer, or only the beginning of one: somebody gave it up, or the server is away. */
function lost(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && (signal.reason as Error).name !== "TimeoutError") return error;
  presence.set("away");
  return new ApiError(0, "unreachable", "connote does not answer. Is the server running?");
}

/** Ask for JSON. Throws ApiError for every answer that is an error, or no JSON. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const response = await send(path, init);
  const text = await response.text().catch((error: unknown) => {
    throw lost(error, signal);
  });
  const answer = parsed(text);
  if (!response.ok) throw fromBody(response.status, answer);
  if (answer === undefined)
    throw new ApiError(response.status, "error", `what the server answers to ${path} is no JSON`);
  return answer as T;
}

/** A part of a path. */
export const part = encodeURIComponent;
