import { send } from "../api/client";
import { delta, events } from "../api/sse";
import { reindent } from "./reindent";
import { specification } from "./schema";
import type { Prepared } from "./variables";

/** What came of a request; while it is under way `status` is null, or the body grows. */
export interface Result {
  id: number;
  method: string;
  path: string;
  status: number | null;
  statusText: string;
  milliseconds: number;
  size: number;
  body: string;
  /** The text that a stream has said so far; null if it is no stream. */
  said: string | null;
  warnings: string[];
  isDone: boolean;
  failed: string | null;
}

let count = 0;

function begun(method: string, path: string): Result {
  return {
    id: ++count,
    method,
    path,
    status: null,
    statusText: "",
    milliseconds: 0,
    size: 0,
    body: "",
    said: null,
    warnings: [],
    isDone: false,
    failed: null,
  };
}

/** Send a request, and tell of its result whenever there is more of it. */
export async function run(prepared: Prepared, tell: (result: Result) => void, signal: AbortSignal): Promise<void> {
  let result = begun(prepared.method, prepared.path);
  const began = performance.now();
  const update = (change: Partial<Result>) => {
    result = { ...result, ...change, milliseconds: performance.now() - began };
    tell(result);
  };
  update({});
  try {
    const response = await send(prepared.path.replaceAll("#", "%23"), { ...(await init(prepared)), signal });
    update({ status: response.status, statusText: response.statusText, warnings: warnings(response.headers) });
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) await stream(response, update);
    else {
      const text = await response.text();
      update({ body: reindent(text), size: new Blob([text]).size });
    }
    update({ isDone: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    update({ isDone: true, failed: signal.aborted ? "Stopped" : message });
  }
}

async function init({ method, path, body, isNdjson }: Prepared): Promise<RequestInit> {
  if (body === null) return { method };
  const headers = { "Content-Type": isNdjson ? "application/x-ndjson" : "application/json" };
  return { method: await sender(method, path), body, headers };
}

/** The method that a body is sent with: browsers send none with GET and HEAD. Throws Error where POST would do something else. */
async function sender(method: string, path: string): Promise<string> {
  if (method !== "GET" && method !== "HEAD") return method;
  if (method === "GET" && (await specification()).isAskedByPost(path)) return "POST";
  throw new Error(
    `A browser sends no body with ${method}, and POST may change something here. Leave out the body, or write POST`,
  );
}

const FRAME = 40;
// A stream may have no end.
const MOST = 8_000_000;

async function stream(response: Response, update: (change: Partial<Result>) => void): Promise<void> {
  let [body, said, size] = ["", "", 0];
  let drawing: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    drawing = undefined;
    update({ body, said, size });
  };
  try {
    for await (const event of events(response)) {
      const text = `${event.name === "message" ? "" : `# ${event.name}\n`}${event.data}\n`;
      body = latest(body + text);
      said = latest(said + delta(event.data));
      size += text.length;
      drawing ??= setTimeout(draw, FRAME);
    }
  } finally {
    clearTimeout(drawing);
    draw();
  }
}

/** The end of a text that has become too long; half, so that it is not cut for each event. */
function latest(text: string): string {
  return text.length > MOST ? `…\n${text.slice(-MOST / 2)}` : text;
}

function warnings(headers: Headers): string[] {
  return [...(headers.get("warning") ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    match[1]!.replace(/\\(.)/g, "$1"),
  );
}
