import { expect, test } from "vitest";
import { clause, filterable, read, written } from "./filter";

const FIELDS = ["price integer", "city keyword", "built date", "title text"].map((each) => {
  const [name = "", type = ""] = each.split(" ");
  return { name, type };
});

test.each([
  ["city", "Rome", { term: { city: "Rome" } }],
  ["city", "< 3", { term: { city: "< 3" } }],
  ["price", "3", { term: { price: "3" } }],
  ["price", ">= 3", { range: { price: { gte: "3" } } }],
  ["price", "<600000", { range: { price: { lt: "600000" } } }],
  ["price", "2..4", { range: { price: { gte: "2", lte: "4" } } }],
  ["built", "2020-01-01 .. now", { range: { built: { gte: "2020-01-01", lte: "now" } } }],
])("%s: %s", (field, value, expected) => expect(clause({ field, value }, FIELDS)).toEqual(expected));

test("fields with exact or ordered values can be named, and an address can hold a filter", () => {
  expect(filterable(FIELDS).map((each) => each.name)).toEqual(["price", "city", "built"]);
  const filter = { field: "built", value: "> 2020-01-01T10:00" };
  expect(read(written(filter))).toEqual(filter);
});
