import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Package {
  dev?: boolean;
  license?: string;
}

const PERMISSIVE = /^\(?(MIT|Apache-2\.0|BSD-[23]-Clause|0BSD|ISC|Unlicense|CC0-1\.0|OFL-1\.1)\b/;

test("what is built into the console may be given on by anybody", () => {
  const lock = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
  const { packages } = JSON.parse(lock) as { packages: Record<string, Package> };
  const shipped = Object.entries(packages).filter(([, each]) => !each.dev);
  expect(shipped.length).toBeGreaterThan(10);
  expect(shipped.filter(([, each]) => !PERMISSIVE.test(each.license ?? "")).map(([name]) => name)).toEqual([]);
});
