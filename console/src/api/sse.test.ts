import fc from "fast-check";
import { expect, test } from "vitest";
import { EventReader } from "./sse";

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
