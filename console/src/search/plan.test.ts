import { describe, expect, test } from "vitest";
import { filterable } from "./filter";
import { at, frame, point, steps } from "./geo";
import { fieldsOf, type Hit, pieces, ranks, textOf, titleOf, ways } from "./plan";

const fields = fieldsOf({
  properties: {
    title: { type: "text", fields: { raw: { type: "keyword" } } },
    body: { type: "semantic_text", inference_id: "elser" },
    meaning: { type: "semantic_text", inference_id: "e5" },
    address: { properties: { city: { type: "keyword" } } },
    at: { type: "geo_point" },
  },
});
const tasks = new Map([
  ["elser", "sparse_embedding"],
  ["e5", "text_embedding"],
]);

test("fields of a mapping are flat, with their kinds", () => {
  expect(fields.map((each) => each.name)).toEqual(["title", "title.raw", "body", "meaning", "address.city", "at"]);
  expect(filterable(fields).map((each) => each.name)).toEqual(["title.raw", "address.city"]);
});

describe("the ways to search", () => {
  test("are those that the fields allow, and hybrid is all of them", () => {
    const all = ways(fields, "sea", tasks, []);
    expect(all.map((each) => each.kind)).toEqual(["bm25", "sparse", "dense", "hybrid"]);
    expect(all[1]!.body.query).toEqual({ semantic: { field: "body", query: "sea" } });
    expect(all[2]!.body.query).toEqual({ semantic: { field: "meaning", query: "sea" } });
    expect((all[3]!.body.retriever as { rrf: { retrievers: unknown[] } }).rrf.retrievers).toHaveLength(3);
    expect(ways(fields.slice(0, 1), "sea", tasks, []).map((each) => each.kind)).toEqual(["bm25"]);
    expect(ways([], "sea", tasks, [])).toEqual([]);
  });

  test("keep to the filters", () => {
    for (const way of ways(fields, "sea", tasks, [{ field: "address.city", value: "Rome" }]))
      expect(JSON.stringify(way.body)).toContain('"filter":[{"term":{"address.city":"Rome"}}]');
  });
});

test("a hit is called by its title and read by its highlight, and only <em> is markup", () => {
  const hit: Hit = { _id: "1", _score: 1, _source: { title: "A", body: "some longer text" } };
  expect([titleOf(hit), textOf(hit)]).toEqual(["A", "some longer text"]);
  expect(textOf({ ...hit, highlight: { body: ["a <em>b</em>"] } })).toBe("a <em>b</em>");
  expect(titleOf({ ...hit, _source: {} })).toBe("1");
  expect(pieces("a <em>b</em> <script>c")).toEqual([
    { text: "a ", kind: null },
    { text: "b", kind: "said" },
    { text: " <script>c", kind: null },
  ]);
});

test("a document has a rank in each way that found it", () => {
  const hit = (id: string) => ({ _id: id, _score: 1, _source: {} });
  const all = [
    { name: "BM25", hits: [hit("a"), hit("b")] },
    { name: "Sparse", hits: [hit("b")] },
  ];
  expect(ranks("b", all)).toEqual([
    { name: "BM25", rank: 2 },
    { name: "Sparse", rank: 1 },
  ]);
});

describe("a point", () => {
  test.each([
    [{ lat: 1, lon: 2 }],
    [[2, 1]],
    ["1,2"],
    ["POINT (2 1)"],
    [{ type: "Point", coordinates: [2, 1] }],
    [{ lat: "1", lon: "2" }],
  ])("%j", (value) => expect(point(value)).toEqual({ lat: 1, lon: 2 }));

  test.each([[null], ["u33d"], [{ lat: 91, lon: 0 }], [{}], [3], [[]]])("%j is none", (value) => {
    expect(point(value)).toBeNull();
  });

  test("is found by a name with dots, and the frame has room for all", () => {
    expect(at({ a: { b: 1 } }, "a.b")).toBe(1);
    expect(at({ "a.b": 2 }, "a.b")).toBe(2);
    const points = [
      { lat: 60, lon: 2 },
      { lat: 61, lon: 3 },
    ];
    const { west, east, south, north } = frame(points, 4);
    expect(west < 2 && 3 < east && south < 60 && 61 < north).toBe(true);
    expect(((east - west) * Math.cos((60.5 * Math.PI) / 180)) / (north - south)).toBeCloseTo(4);
    expect(steps(0.1, 4.2)).toEqual([2, 4]);
  });
});
