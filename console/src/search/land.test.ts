import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Topology } from "topojson-specification";
import { expect, test } from "vitest";
import { outline, rings } from "./land";

const file = createRequire(import.meta.url).resolve("world-atlas/land-50m.json");
const land = rings(JSON.parse(readFileSync(file, "utf8")) as Topology);
const flat = { x: (lon: number) => lon, y: (lat: number) => -lat };

test("a frame has the coasts that may reach into it, at their places", () => {
  const ireland = outline(land, { west: -11, east: -5, south: 51, north: 56 }, flat);
  const points = [...ireland.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, lon, lat]) => [Number(lon), -Number(lat)]);
  const cape = points.filter(([lon = 0, lat = 0]) => Math.abs(lon + 9.5) < 0.3 && Math.abs(lat - 51.6) < 0.3);
  expect(cape.length).toBeGreaterThan(1); // the south-west of Ireland
  expect(outline(land, { west: 0, east: 10, south: 85, north: 88 }, flat)).toBe(""); // ice
});

test("a frame that is narrower than the coasts are exact has none", () => {
  expect(outline(land, { west: -0.5, east: 0.5, south: 50.8, north: 50.9 }, flat)).toBe("");
});
