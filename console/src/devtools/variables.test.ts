import { expect, test } from "vitest";
import { requests } from "./parse";
import { prepare } from "./variables";

const prepared = (text: string, variables = {}) => prepare(requests(text)[0]!, variables);

test("variables stand in paths, in strings, and alone as JSON", () => {
  const text = 'POST ${index}/_search\n{"query": "say \\"${q}\\"", "size": ${n}, "name": ${q}}';
  expect(prepared(text, { index: "a", q: 'x"y', n: "3" })).toEqual({
    method: "POST",
    path: "a/_search",
    body: '{"query":"say \\"x\\"y\\"","size":3,"name":"x\\"y"}',
    isNdjson: false,
  });
});

test("a variable that is not set is told, and nothing is sent", () => {
  expect(() => prepared("GET ${nowhere}")).toThrow("${nowhere} is not set");
});

test("several values, and those of bulk, go as NDJSON that ends with a line break", () => {
  expect(prepared('POST _bulk\n{"index": {}}\n{"a":\n 1}')).toMatchObject({
    isNdjson: true,
    body: '{"index":{}}\n{"a":1}\n',
  });
  expect(prepared("POST a/_msearch?x\n{}")).toMatchObject({ isNdjson: true, body: "{}\n" });
});

test("a request with a problem is not sent", () => {
  expect(() => prepared('POST x\n{"a" 1}')).toThrow("a : belongs here");
});
