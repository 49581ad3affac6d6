import { send } from "../api/client";
import { events } from "../api/sse";
import { reindent } from "./reindent";
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

export function begun(method: string, path: string): Result {
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
    const response = await send(prepared.path.replaceAll("#", "%23"), init(prepared, signal));
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

function init({ method, body, isNdjson }: Prepared, signal: AbortSignal): RequestInit {
  const content: RequestInit =
    body === null ? {} : { body, headers: { "Content-Type": isNdjson ? "application/x-ndjson" : "application/json" } };
  // Browsers send no body with GET; every API that takes one there takes POST, too.
  return { method: method === "GET" && body !== null ? "POST" : method, signal, ...content };
}

async function stream(response: Response, update: (change: Partial<Result>) => void): Promise<void> {
  let [body, said, drawn] = ["", "", 0];
  for await (const event of events(response)) {
    body += `${event.name === "message" ? "" : `# ${event.name}\n`}${event.data}\n`;
    said += delta(event.data);
    if (performance.now() - drawn > 40) {
      drawn = performance.now();
      update({ body, said, size: body.length });
    }
  }
  update({ body, said, size: body.length });
}

/** What an event adds to the text: of a chat, or of a completion. */
export function delta(data: string): string {
  try {
    const { choices, completion } = JSON.parse(data) as {
      choices?: { delta?: { content?: string } }[];
      completion?: { delta?: string }[];
    };
    return choices?.[0]?.delta?.content ?? completion?.[0]?.delta ?? "";
  } catch {
    return ""; // [DONE]
  }
}

function warnings(headers: Headers): string[] {
  return [...(headers.get("warning") ?? "").matchAll(/299 \S+ "([^"]*)"/g)].map((match) => match[1]!);
}
