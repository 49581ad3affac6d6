import { expect, test } from "vitest";
import { latest } from "./history";

const sent = (length: number, at: number) => ({ text: "x".repeat(length), at });

test("the latest requests are kept, as many as there is room for", () => {
  expect(latest(Array.from({ length: 600 }, (_, at) => sent(10, at)))).toHaveLength(500);
  expect(latest(Array.from({ length: 60 }, (_, at) => sent(50_000, at))).map(({ at }) => at)).toEqual(
    Array.from({ length: 20 }, (_, at) => at),
  );
  expect(latest([sent(2_000_000, 0), sent(10, 1)])).toEqual([sent(10, 1)]);
});
