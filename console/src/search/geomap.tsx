import { Box } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { at, frame, type Point, point, steps } from "./geo";
import { landQuery, outline } from "./land";
import { type Hit, titleOf } from "./plan";

const HEIGHT = 220;

interface Properties {
  field: string;
  found: { name: string; hits: Hit[] }[];
  looked: string | null;
  look: (id: string | null) => void;
}

/** Where hits are: drawn here, over coasts that come with the console, so that nothing is asked of anybody. */
export function GeoMap({ field, found, looked, look }: Properties) {
  const { ref, width: measured } = useElementSize();
  const width = measured || 1000;
  const hits = new Map(found.flatMap((each) => each.hits).map((hit) => [hit._id, hit]));
  const placed = [...hits.values()].flatMap((hit) => {
    const where = point(at(hit._source ?? {}, field));
    return where ? [{ hit, where }] : [];
  });
  const land = useQuery({ ...landQuery, enabled: placed.length > 0 }).data;
  const shown = frame(
    placed.map((each) => each.where),
    width / HEIGHT,
  );
  const { west, east, south, north } = shown;
  const x = (lon: number) => ((lon - west) / (east - west)) * width;
  const y = (lat: number) => ((north - lat) / (north - south)) * HEIGHT;
  const key = JSON.stringify(shown);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the frame, and so for x and y
  const coasts = useMemo(() => (land ? outline(land, shown, { x, y }) : ""), [land, key, width]);
  if (placed.length === 0) return null;
  const place = ({ lat, lon }: Point) => ({ cx: x(lon), cy: y(lat) });
  return (
    <Box className="card" mb="md" p="xs" style={{ overflow: "hidden" }}>
      <div ref={ref}>
        <svg
          viewBox={`0 0 ${width} ${HEIGHT}`}
          width="100%"
          style={{ display: "block" }}
          role="img"
          aria-label={`Where ${placed.length} hits are`}
        >
          <path d={coasts} fill="var(--sunken)" stroke="var(--mantine-color-default-border)" fillRule="evenodd" />
          {steps(west, east).map((lon) => (
            <g key={lon}>
              <line x1={x(lon)} x2={x(lon)} y1={0} y2={HEIGHT} stroke="var(--line)" />
              <text x={x(lon) + 4} y={HEIGHT - 5} fontSize={11} fill="var(--mantine-color-dimmed)">
                {degrees(lon, "E", "W")}
              </text>
            </g>
          ))}
          {steps(south, north).map((lat) => (
            <g key={lat}>
              <line y1={y(lat)} y2={y(lat)} x1={0} x2={width} stroke="var(--line)" />
              <text x={4} y={y(lat) - 4} fontSize={11} fill="var(--mantine-color-dimmed)">
                {degrees(lat, "N", "S")}
              </text>
            </g>
          ))}
          {placed.map(({ hit, where }) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: pointing here marks what the list says in words anyway
            <circle
              key={hit._id}
              {...place(where)}
              r={hit._id === looked ? 10 : 6}
              fill={hit._id === looked ? "var(--suggested)" : "var(--said)"}
              fillOpacity={0.8}
              onMouseEnter={() => look(hit._id)}
              onMouseLeave={() => look(null)}
            >
              <title>{titleOf(hit)}</title>
            </circle>
          ))}
        </svg>
      </div>
    </Box>
  );
}

const degrees = (value: number, plus: string, minus: string): string =>
  `${Number(Math.abs(value).toFixed(4))}° ${value < 0 ? minus : plus}`;
