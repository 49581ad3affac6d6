import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Schema, Specification } from "./schema";

const url = new URL("../../public/static/schema.json", import.meta.url);
const specified = new Specification(JSON.parse(readFileSync(url, "utf8")) as Schema);

test.each(["_search", "a/_search", "a/_count", "_msearch", "_msearch/template", "_mget", "_analyze", "_search/scroll"])(
  "GET %s may be asked by POST",
  (path) => {
    expect(specified.isAskedByPost(path)).toBe(true);
  },
);

test.each(["a/_doc/1", "a/_mapping", "a", "a/_settings", "_inference/x", "_scripts/x", "_connote/_chunk", "a/_bulk"])(
  "GET %s may not: POST writes, or is not there",
  (path) => {
    expect(specified.isAskedByPost(path)).toBe(false);
  },
);
