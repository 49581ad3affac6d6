import { Box, Group, Text } from "@mantine/core";
import { count, duration, percent } from "../components/format";
import { Sparkline } from "../components/sparkline";
import { meanTime, type Row, sum } from "./rows";

export interface Figure {
  name: string;
  value: string;
  values: number[];
  color: string;
}

/** What an endpoint did in the last hour, by kind. */
export function figures(row: Row): Figure[] {
  const series = row.series;
  if (!series) return [];
  const tokens = series.input_tokens.map((read, slot) => read + series.output_tokens[slot]!);
  const [hits, misses, errors] = [sum(series.cache_hits), sum(series.cache_misses), sum(series.errors)];
  const time = meanTime(series);
  return [
    { name: "requests", value: count(row.requests), values: series.requests, color: "var(--said)" },
    {
      name: "mean time",
      value: time === null ? "–" : duration(time),
      values: series.milliseconds,
      color: "var(--suggested)",
    },
    { name: "tokens", value: count(sum(tokens)), values: tokens, color: "var(--said)" },
    {
      name: "cached",
      value: hits + misses ? percent(hits / (hits + misses)) : "–",
      values: series.cache_hits,
      color: "var(--good)",
    },
    { name: "errors", value: count(errors), values: series.errors, color: "var(--bad)" },
  ];
}

export function Figures({ row }: { row: Row }) {
  if (row.requests === 0)
    return (
      <Text size="sm" c="dimmed">
        quiet
      </Text>
    );
  return (
    <Group gap={8} wrap="nowrap">
      {figures(row).map((figure) => (
        <Box key={figure.name} w={56}>
          <Sparkline
            width={52}
            height={18}
            values={figure.values}
            color={figure.color}
            label={`${figure.name}: ${figure.value} in the last hour`}
          />
          <Text
            fz={11}
            lh={1.3}
            className="number"
            c={figure.name === "errors" && figure.value !== "0" ? "var(--bad)" : "dimmed"}
          >
            <Text
              span
              fz={12}
              fw={600}
              c="var(--mantine-color-text)"
              inherit={figure.name === "errors" && figure.value !== "0"}
            >
              {figure.value}
            </Text>{" "}
            <br />
            {figure.name}
          </Text>
        </Box>
      ))}
    </Group>
  );
}
