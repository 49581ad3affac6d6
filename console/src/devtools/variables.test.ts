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

test("in quotes of its own a variable is a number, list or object if its value is, but in triple quotes it is text", () => {
  const text = 'POST x\n{"size": "${n}", "at": "${point}", "t": "${word}", "s": """${n}""", "${n}": "${n} of 4"}';
  expect(prepared(text, { n: "3", point: "[-70, 40]", word: "null" }).body).toBe(
    '{"size":3,"at":[-70, 40],"t":"null","s":"3","3":"3 of 4"}',
  );
});

test("what looks like a variable in a text and is none stays as it is", () => {
  const text = 'POST x\n{"a": "costs ${price}", "b": """${toString}"""}';
  expect(prepared(text).body).toBe('{"a":"costs ${price}","b":"${toString}"}');
  expect(prepared(text, { price: "" }).body).toContain('"costs "');
});

test("a variable that is not set is told, and nothing is sent", () => {
  expect(() => prepared("GET ${nowhere}")).toThrow("${nowhere} is not set");
  expect(() => prepared("GET ${toString}")).toThrow("${toString} is not set");
  expect(() => prepared('POST x\n{"size": ${nowhere}}')).toThrow("${nowhere} is not set");
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
