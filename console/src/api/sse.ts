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

/** The events of an answer as they come. */
export async function* events(response: Response): AsyncGenerator<ServerEvent> {
  if (!response.body) return;
  const reader = new EventReader();
  const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await stream.read(); !piece.done; piece = await stream.read()) yield* reader.read(piece.value);
  yield* reader.read("\n\n");
}
