import { isObject, parsed } from "./json";

/** One server-sent event: its name, and its data as text. */
export interface ServerEvent {
  name: string;
  data: string;
}

/** Reads events out of pieces of text, however these are cut: https://html.spec.whatwg.org/#event-stream-interpretation. */
export class EventReader {
  #rest = "";
  #name = "";
  #data: string[] = [];

  /** The events that this piece completes. */
  read(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") {
      const event = { name: this.#name || "message", data: this.#data.join("\n") };
      const isEvent = this.#data.length > 0;
      this.#name = "";
      this.#data = [];
      return isEvent ? [event] : [];
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return [];
  }
}

/** The events of an answer as they come. Who stops reading closes the connection. */
export async function* events(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) return;
  const reader = new EventReader();
  const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let piece = await stream.read(); !piece.done; piece = await stream.read()) yield* reader.read(piece.value);
    yield* reader.read("\n\n");
  } finally {
    await stream.cancel().catch(() => undefined); // of a stream that broke the error is known already
  }
}

/** What an event adds to a text: of a chat, or of a completion. */
export function delta(data: string): string {
  const told = parsed(data); // [DONE] is none
  if (!isObject(told)) return "";
  const { choices, completion } = told as {
    choices?: { delta?: { content?: string | null } }[];
    completion?: { delta?: string }[];
  };
  return choices?.[0]?.delta?.content ?? completion?.[0]?.delta ?? "";
}
