/** A point on the globe, in degrees. */
export interface Point {
  lat: number;
  lon: number;
}

/** A geo_point as documents may write it: object, array, `lat,lon`, WKT or GeoJSON; null for what is none of these. */
export function point(value: unknown): Point | null {
  if (typeof value === "string") {
    const wkt = /^\s*POINT\s*\(\s*(\S+)\s+(\S+)\s*\)\s*$/i.exec(value);
    if (wkt) return checked(wkt[2], wkt[1]);
    const pair = /^\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*$/.exec(value);
    return pair ? checked(pair[1], pair[2]) : null;
  }
  if (Array.isArray(value)) return checked(value[1], value[0]);
  if (typeof value !== "object" || value === null) return null;
  const { lat, lon, coordinates } = value as { lat?: unknown; lon?: unknown; coordinates?: unknown[] };
  return coordinates ? checked(coordinates[1], coordinates[0]) : checked(lat, lon);
}

function checked(lat: unknown, lon: unknown): Point | null {
  const found = { lat: Number(lat ?? Number.NaN), lon: Number(lon ?? Number.NaN) };
  return Math.abs(found.lat) <= 90 && Math.abs(found.lon) <= 180 ? found : null;
}

/** The part of a document that a field with dots names. */
export function at(source: Record<string, unknown>, field: string): unknown {
  if (field in source) return source[field];
  let value: unknown = source;
  for (const name of field.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}

/** A part of the globe, in degrees. */
export interface Frame {
  west: number;
  east: number;
  south: number;
  north: number;
}

/** A frame around points with room at its edges, `aspect` times as wide as high on the ground. */
export function frame(points: Point[], aspect: number): Frame {
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const span = (values: number[]) => Math.max(...values) - Math.min(...values);
  const [lats, lons] = [points.map((each) => each.lat), points.map((each) => each.lon)];
  const shrinking = Math.max(Math.cos((middle(lats) * Math.PI) / 180), 0.01); // degrees of longitude are shorter there
  const height = Math.max(span(lats), (span(lons) * shrinking) / aspect, 0.01) * 1.3;
  const width = (height * aspect) / shrinking;
  return {
    west: middle(lons) - width / 2,
    east: middle(lons) + width / 2,
    south: middle(lats) - height / 2,
    north: middle(lats) + height / 2,
  };
}

/** Round steps for the lines of a grid over a range: a few of them. */
export function steps(from: number, to: number): number[] {
  const rough = (to - from) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough)!;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => (first + index) * step);
}
