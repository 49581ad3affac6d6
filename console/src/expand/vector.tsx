import { Box, Group, Text } from "@mantine/core";
import type { Weights } from "../api/types";
import classes from "./expand.module.css";
import { type Term, terms } from "./weights";

/** A sparse vector to look at: chips as large as their weight, and bars. */
export function Vector({ weights, text }: { weights: Weights; text: string }) {
  const all = terms(weights, text);
  const said = all.filter((term) => term.isSaid);
  const suggested = all.filter((term) => !term.isSaid);
  const most = all[0]?.weight ?? 1;
  if (all.length === 0) return <Text c="dimmed">The model finds nothing in this text.</Text>;
  return (
    <Box mb="lg">
      {text && <Chips title="Said" terms={said} most={most} kind="said" none="No word of the text has weight." />}
      <Chips
        title={text ? "Suggested" : ""}
        terms={suggested}
        most={most}
        kind={text ? "suggested" : "said"}
        none="Nothing is suggested."
      />
      <Bars terms={all} most={most} isTold={text !== ""} />
    </Box>
  );
}

function Chips({
  title,
  terms,
  most,
  kind,
  none,
}: {
  title: string;
  terms: Term[];
  most: number;
  kind: "said" | "suggested";
  none: string;
}) {
  return (
    <Box mb="md">
      {title && (
        <Text size="sm" fw={600} c={`var(--${kind})`} mb={6}>
          {title}{" "}
          <Text span c="dimmed" fw={400}>
            {terms.length}
          </Text>
        </Text>
      )}
      {terms.length === 0 && (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
      <Group gap={6} component="ul" className={classes.chips!}>
        {terms.map((term) => (
          <li
            key={term.token}
            className={classes.chip}
            data-kind={kind}
            style={{ fontSize: `${12 + 13 * (term.weight / most)}px` }}
          >
            {term.token} <span className={classes.weight}>{term.weight.toFixed(2)}</span>
          </li>
        ))}
      </Group>
    </Box>
  );
}

function Bars({ terms, most, isTold }: { terms: Term[]; most: number; isTold: boolean }) {
  return (
    <Box role="list" aria-label="Weights">
      {terms.map((term) => (
        <Box key={term.token} role="listitem" className={classes.row}>
          <span className={classes.token}>{term.token}</span>
          <span className={classes.number}>{term.weight.toFixed(3)}</span>
          <span className={classes.track}>
            <span
              className={classes.bar}
              data-kind={!isTold || term.isSaid ? "said" : "suggested"}
              style={{ width: `${(100 * term.weight) / most}%` }}
            />
          </span>
          {isTold && <span className="unseen">{term.isSaid ? "said" : "suggested"}</span>}
        </Box>
      ))}
    </Box>
  );
}
