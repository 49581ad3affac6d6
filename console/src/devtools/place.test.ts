import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { walk } from "./complete";
import { place } from "./place";
import { type Schema, Specification } from "./schema";

describe("the place in a body", () => {
  test.each([
    ["{", { path: [], expects: "name", taken: [] }],
    ['{"a": 1, ', { path: [], expects: "name", taken: ["a"] }],
    ['{"a": ', { path: ["a"], expects: "value", taken: [] }],
    ['{"a": "unfin', { path: ["a"], expects: "value", taken: [] }],
    ['{"a": {"b": [{"c": 2, "', { path: ["a", "b", "[]"], expects: "name", taken: ["c"] }],
    ['{"a": [1, ', { path: ["a", "[]"], expects: "value", taken: [] }],
    ['{"a": {"b": {}}, // {\n', { path: [], expects: "name", taken: ["a"] }],
  ])("%j", (text, expected) => expect(place(text)).toEqual(expected));

  test("is nowhere outside of it", () => {
    expect(place("")).toBeNull();
    expect(place('{"a": 1}')).toBeNull();
  });
});

describe("the specification", () => {
  const schema = JSON.parse(
    readFileSync(new URL("../../public/static/schema.json", import.meta.url), "utf8"),
  ) as Schema;
  const specified = new Specification(schema);
  const names = (method: string, path: string) =>
    specified.body(specified.match(method, path)!).properties.map((each) => each.name);

  test("knows which API a path is of", () => {
    expect(specified.match("POST", "_inference/.elser-2-elastic")?.name).toBe("inference.inference");
    expect(specified.match("PUT", "/_inference/rerank/x?timeout=1m")?.name).toBe("inference.put");
    expect(specified.match("GET", "properties/_search")?.name).toBe("search");
    expect(specified.match("POST", "_ml/trained_models/x/_infer")?.name).toBe("ml.infer_trained_model");
    expect(specified.match("GET", "_no/such/path")).toBeNull();
  });

  test("knows what bodies hold", () => {
    expect(names("POST", "_inference/x")).toEqual(expect.arrayContaining(["input", "query", "task_settings"]));
    expect(names("POST", "a/_search")).toEqual(expect.arrayContaining(["query", "size", "retriever", "knn"]));
    const query = specified
      .body(specified.match("GET", "a/_search")!)
      .properties.find((each) => each.name === "query")!;
    expect(specified.shape(query.type).properties.map((each) => each.name)).toContain("semantic");
  });

  test("knows aggregations, by their short name too", () => {
    const inner = walk(specified, specified.body(specified.match("GET", "a/_search")!), [
      "aggs",
      "any",
      "aggs",
      "any",
    ])!;
    expect(inner.properties.map((each) => each.name)).toEqual(
      expect.arrayContaining(["terms", "date_histogram", "avg"]),
    );
  });

  test("knows what one of several objects may hold", () => {
    const body = specified.body(specified.match("PUT", "a/_mapping")!);
    const values = walk(specified, body, ["properties", "any", "type"])!.values;
    expect(values).toEqual(expect.arrayContaining(['"semantic_text"', '"keyword"', '"geo_point"']));
  });
});
