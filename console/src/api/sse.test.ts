import fc from "fast-check";
import { expect, test } from "vitest";
import { delta, EventReader, events } from "./sse";

const STREAM =
  'event: message\r\ndata: {"a": 1}\r\n\r\n: a comment\ndata:first\ndata: second\n\nevent: error\rdata: x\r\rdata: é\n\n';
const EVENTS = [
  { name: "message", data: '{"a": 1}' },
  { name: "message", data: "first\nsecond" },
  { name: "error", data: "x" },
  { name: "message", data: "é" },
];

test("events are the same however their text is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const reader = new EventReader();
      expect(at.slice(1).flatMap((end, index) => reader.read(STREAM.slice(at[index], end)))).toEqual(EVENTS);
    }),
  );
});

test("who stops reading closes the connection", async () => {
  let isClosed = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (stream) => stream.enqueue(new TextEncoder().encode("data: more\n\n")),
    cancel: () => {
      isClosed = true;
    },
  });
  for await (const event of events(new Response(body))) {
    expect(event.data).toBe("more");
    break;
  }
  expect(isClosed).toBe(true);
});

test.each([
  ['{"choices": [{"delta": {"content": "a"}}]}', "a"],
  ['{"completion": [{"delta": "b"}]}', "b"],
  ['{"choices": []}', ""],
  ['{"choices": [{"delta": {"content": null}}]}', ""],
  ["[DONE]", ""],
  ["null", ""],
  ['{"choices', ""],
])("%s adds %j to a text", (data, text) => {
  expect(delta(data)).toBe(text);
});
