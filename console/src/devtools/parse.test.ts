import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, type Request, requests } from "./parse";
import { format, print, toJson } from "./print";

/** What a request asks, without how it is written. */
const meaning = ({ method, path, bodies, problem }: Request) => ({
  method,
  path,
  bodies: bodies.map(toJson),
  problem: problem?.message,
});
const meanings = (text: string) => requests(text).map(meaning);
const body = (text: string) => JSON.parse(toJson(requests(text)[0]!.bodies[0]!));

describe("a request", () => {
  test("has a method in any case, a path with or without a slash, and a query", () => {
    expect(meanings("get /_cat/indices?v&h=index\npOsT _inference/x")).toEqual([
      { method: "GET", path: "/_cat/indices?v&h=index", bodies: [] },
      { method: "POST", path: "_inference/x", bodies: [] },
    ]);
  });

  test("has a body over many lines, with comments of all kinds, and trailing commas are forgiven", () => {
    const text = `PUT a/_doc/1 // the path
      {
        # one
        "a": 1, // two
        /* three
           lines */
        "b": ["x", "y",], "c": {"d": null,},
      }`;
    expect(body(text)).toEqual({ a: 1, b: ["x", "y"], c: { d: null } });
  });

  test("may have its body on the line of the path", () => {
    expect(meanings('POST _inference/x {"input": "a"}')[0]).toMatchObject({
      path: "_inference/x",
      bodies: ['{"input":"a"}'],
    });
  });

  test("may have a path with braces, as date math and variables are", () => {
    expect(meanings("GET <logs-{now/d}>/_search\nGET ${index}/_search").map((each) => each.path)).toEqual([
      "<logs-{now/d}>/_search",
      "${index}/_search",
    ]);
  });

  test("keeps the text between triple quotes as it is", () => {
    expect(body('POST x\n{"s": """a "quoted"\n  \\d line""", "t": """"""}')).toEqual({
      s: 'a "quoted"\n  \\d line',
      t: "",
    });
  });

  test("keeps numbers as they are written", () => {
    expect(toJson(requests('PUT x\n{"n": 12345678901234567890.10}')[0]!.bodies[0]!)).toBe(
      '{"n":12345678901234567890.10}',
    );
  });

  test("has several values if its body is NDJSON", () => {
    const text = `POST _bulk
{"index": {"_index": "a"}}
{"t": "GET is no method here"}

{"delete": {"_index": "a", "_id": "1"}}
GET a`;
    expect(meanings(text).map((each) => each.bodies)).toEqual([
      ['{"index":{"_index":"a"}}', '{"t":"GET is no method here"}', '{"delete":{"_index":"a","_id":"1"}}'],
      [],
    ]);
  });

  test("may come from Windows", () => {
    expect(meanings('GET a # one\r\n{\r\n"b": 1 // two\r\n}\r\n\r\nGET c // three\r\n')).toEqual([
      { method: "GET", path: "a", bodies: ['{"b":1}'] },
      { method: "GET", path: "c", bodies: [] },
    ]);
  });

  test("may be long: megabytes in a string, and many comments before its body", () => {
    const long = "x\\n".repeat(5_000_000);
    expect(meanings(`PUT a/_doc/1\n{"t": "${long}"}`)[0]!.bodies[0]).toHaveLength(long.length + 8);
    expect(meanings(`GET a\n${"# c\n".repeat(20_000)}{}`)[0]!.bodies).toEqual(["{}"]);
  });

  test("does not take the comments before the next request", () => {
    const parts = parse("GET a\n# about b\nGET b\n{}");
    expect(parts.map((part) => part.kind)).toEqual(["request", "note", "request"]);
  });
});

describe("what cannot be read", () => {
  test.each([
    ['POST x\n{"a" 1}', "a : belongs here"],
    ['POST x\n{"a": 1 "b": 2}', "a , or } belongs here"],
    ["POST x\n{'a': 1}", 'JSON has its strings in " quotes'],
    ['POST x\n{"a": [1, 2}', "a , or ] belongs here"],
    ['POST x\n{"a": 1', "the body ends before it is closed"],
    ['POST x\n{"a": """b}', 'this string has no closing """'],
    ['POST x\n{"a": "b\n"}', 'this string is not closed on its line; use """ for several lines'],
    ['POST x\n{"a": "b\\\n"}', 'this string is not closed on its line; use """ for several lines'],
    [`POST x\n${"[".repeat(20_000)}`, "this is more than 1000 levels deep"],
    ["GET kbn:/api/status", "Kibana's own API (kbn:) is not spoken here"],
  ])("%j is told", (text, message) => {
    expect(requests(`${text}\nGET next`).map((each) => each.problem?.message)).toEqual([message, undefined]);
  });

  test("text that is no request is told, and does not hide the next one", () => {
    const [stray, next] = parse("hello\nGET a");
    expect(stray!.problem?.message).toMatch(/begins with a method/);
    expect(next).toMatchObject({ kind: "request", path: "a" });
  });
});

test("indenting puts short lists on a line, and leaves triple quotes be and loses no comment", () => {
  const text = 'post  x # why\n{"a":[1,2],\n"b":{"c":"""x\ny"""} // end\n}\n\n\n// next\nGET y';
  expect(format(text)).toBe(
    'POST x\n# why\n{\n  "a": [1, 2],\n  "b": {\n    "c": """x\ny"""\n  }\n  // end\n}\n\n// next\nGET y',
  );
});

const space = fc.constantFrom("", " ", "\n", "\t", " // c\n", "\n# GET x\n", "/* } */");
const leaf = fc.oneof(
  fc.string().map((text) => JSON.stringify(text)),
  fc.constantFrom('"""a\n"b" \\ {c"""', "${name}", "1e5", "-0.25", "12345678901234567890", "true", "null"),
);
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.tuple(fc.array(tie("value")), space).map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc.tuple(fc.array(fc.tuple(fc.string(), tie("value"))), space, fc.boolean()).map(([items, gap, comma]) => {
      const members = items.map(([name, item]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${item}`);
      return `{${members.join(`${gap},`)}${comma && items.length ? "," : ""}${gap}}`;
    }),
  ),
})).value;
const object = json.map((value) => (/^[{[]/.test(value) ? value : `{"v":${value}}`));
const written = fc
  .tuple(
    fc.constantFrom("GET", "post", "Put", "DELETE"),
    fc.constantFrom("/a", "b/_search?q=x&v", "_bulk", "<x-{now/d}>"),
    fc.array(object, { maxLength: 3 }),
  )
  .map(([method, path, bodies]) => `${method} ${path}\n${bodies.join("\n")}`);
const script = fc
  .array(fc.oneof(written, fc.constantFrom("# a note", "// another", "/* a\nthird */")))
  .map((all) => all.join("\n\n"));

test("what is printed is parsed to the same, whatever was written", () => {
  fc.assert(
    fc.property(script, (text) => {
      const before = meanings(text);
      expect(before.every((each) => each.problem === undefined)).toBe(true);
      expect(meanings(format(text))).toEqual(before);
      expect(meanings(requests(text).map(print).join("\n\n"))).toEqual(before);
      expect(format(format(text))).toBe(format(text));
    }),
    { numRuns: 200 },
  );
});

test("any text at all is parsed, and every character is in one part at most", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "GET x",
      "POST y\n",
      "{",
      "}",
      '"',
      '"""',
      "[",
      ",",
      ":",
      "a",
      "\n",
      "#",
      "/*",
      "*/",
      "//",
      " ",
      "1",
      "${v}",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((all) => all.join("")),
      ),
      (text) => {
        const parts = parse(text);
        parts.forEach((part, index) => {
          expect(part.from).toBeGreaterThanOrEqual(parts[index - 1]?.to ?? 0);
          expect(part.to).toBeGreaterThan(part.from);
        });
        format(text);
      },
    ),
    { numRuns: 500 },
  );
});
