import fc from "fast-check";
import { expect, test } from "vitest";
import { reindent } from "./reindent";

test("an indented answer is the same answer", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(JSON.parse(reindent(json))).toEqual(JSON.parse(json));
    }),
  );
});

test("a vector fills lines, and its numbers stay as they came", () => {
  const numbers = Array.from({ length: 40 }, (_, index) => `0.${index}0`);
  const lines = reindent(`{"v":[${numbers.join(",")}],"n":12345678901234567890}`).split("\n");
  expect(lines.length).toBeLessThan(10);
  expect(lines[2]).toMatch(/^ {4}0\.00, 0\.10, /);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.at(-2)).toBe('  "n": 12345678901234567890');
});

test("what is no JSON stays as it is", () => {
  expect(reindent("health status\ngreen  open")).toBe("health status\ngreen  open");
});

test("what is too deep to be indented stays as it is", () => {
  for (const deep of ["[".repeat(9_000) + "]".repeat(9_000), `${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`])
    expect(reindent(deep)).toBe(deep);
});
