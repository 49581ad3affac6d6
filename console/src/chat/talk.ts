import { part, send } from "../api/client";
import { ApiError, fromBody } from "../api/errors";
import { isObject, parsed } from "../api/json";
import { delta, events } from "../api/sse";

export interface Message {
  role: "user" | "assistant";
  content: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

/** An answer that grows; `usage` comes at its end, if the service counts. */
export interface Answer {
  content: string;
  usage: Usage | null;
  /** From the question to the first text, and to the end, in milliseconds. */
  firstAfter: number | null;
  milliseconds: number;
}

/** Ask an endpoint, and tell of its answer as it grows. Throws ApiError, also in the midst of it. */
export async function talk(
  endpoint: { id: string; task: string },
  messages: Message[],
  tell: (answer: Answer) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const answer: Answer = { content: "", usage: null, firstAfter: null, milliseconds: 0 };
  const body = endpoint.task === "chat_completion" ? { messages } : { input: messages.at(-1)!.content };
  const response = await send(`_inference/${endpoint.task}/${part(endpoint.id)}/_stream`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
    signal,
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (!response.ok && !isStream) throw fromBody(response.status, parsed(await response.text()));
  for await (const event of events(response)) {
    if (event.name === "error") throw fromBody(response.status, parsed(event.data));
    answer.content += delta(event.data);
    answer.usage = usageIn(event.data) ?? answer.usage;
    answer.milliseconds = performance.now() - began;
    if (answer.content) answer.firstAfter ??= answer.milliseconds;
    tell({ ...answer });
  }
  if (!response.ok) throw new ApiError(response.status, "error", `the server answered ${response.status}`);
}

function usageIn(data: string): Usage | null {
  const told = parsed(data);
  return isObject(told) && isObject(told.usage) ? (told.usage as unknown as Usage) : null;
}
