import { queryOptions } from "@tanstack/react-query";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import url from "world-atlas/land-50m.json?url";
import type { Frame } from "./geo";

/** A line around land: pairs of longitude and latitude, in degrees. */
export type Ring = [number, number][];

/** The coasts of the world (Natural Earth, 1:50,000,000), which come with the console. */
export const landQuery = queryOptions({
  queryKey: ["land"],
  queryFn: async ({ signal }) => rings((await (await fetch(url, { signal })).json()) as Topology),
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
});

export function rings(world: Topology): Ring[] {
  const land = feature(world, world.objects.land!);
  const shapes = land.type === "FeatureCollection" ? land.features : [land];
  return shapes.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? (geometry.coordinates.flat() as Ring[]) : [],
  );
}

/** Below this height in degrees a frame shows more than the coasts can tell. */
const LEAST = 1;

/** The land in a frame as the path of an SVG; `x` and `y` tell where a degree is. */
export function outline(
  land: Ring[],
  frame: Frame,
  { x, y }: { x: (lon: number) => number; y: (lat: number) => number },
): string {
  if (frame.north - frame.south < LEAST) return "";
  return land
    .filter((ring) => meets(ring, frame))
    .map((ring) => `M${ring.map(([lon, lat]) => `${x(lon).toFixed(1)},${y(lat).toFixed(1)}`).join("L")}Z`)
    .join("");
}

function meets(ring: Ring, { west, east, south, north }: Frame): boolean {
  let [left, right, bottom, top] = [180, -180, 90, -90];
  for (const [lon, lat] of ring) {
    left = Math.min(left, lon);
    right = Math.max(right, lon);
    bottom = Math.min(bottom, lat);
    top = Math.max(top, lat);
  }
  return left <= east && right >= west && bottom <= north && top >= south;
}
