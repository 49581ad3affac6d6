import { Box, Group, Text } from "@mantine/core";
import classes from "./expand.module.css";
import { type Meeting, total } from "./weights";

/** Where two texts meet, and how much of their score is literal and how much is suggested. */
export function Meet({ meetings, names }: { meetings: Meeting[]; names: [string, string] }) {
  const score = total(meetings);
  const literal = total(meetings.filter((each) => each.isLiteral));
  if (meetings.length === 0)
    return (
      <Text c="dimmed" p="md">
        These texts share no token, so their score is 0.
      </Text>
    );
  return (
    <Box p="lg">
      <Group justify="space-between" align="baseline" mb="xs">
        <Text fw={600}>
          They meet in {meetings.length} token{meetings.length === 1 ? "" : "s"}
        </Text>
        <Text>
          score{" "}
          <Text span ff="heading" fz={26} className="number" data-testid="score">
            {score.toFixed(3)}
          </Text>
        </Text>
      </Group>
      <Box
        className={classes.split}
        role="img"
        aria-label={`${share(literal, score)} of the score is literal, ${share(score - literal, score)} suggested`}
      >
        <span data-kind="said" style={{ width: share(literal, score) }} />
        <span data-kind="suggested" style={{ width: share(score - literal, score) }} />
      </Box>
      <Group gap="lg" mb="md">
        <Legend kind="said" label={`words that both texts have: ${share(literal, score)}`} />
        <Legend kind="suggested" label={`meaning beyond them: ${share(score - literal, score)}`} />
      </Group>
      <Box role="list" aria-label="Shared tokens">
        {meetings.map((each) => (
          <Box
            key={each.token}
            role="listitem"
            className={classes.row}
            title={`${names[0]} ${each.weights[0].toFixed(3)} × ${names[1]} ${each.weights[1].toFixed(3)}`}
          >
            <span className={classes.token}>{each.token}</span>
            <span className={classes.number}>+{each.score.toFixed(3)}</span>
            <span className={classes.track}>
              <span
                className={classes.bar}
                data-kind={each.isLiteral ? "said" : "suggested"}
                style={{ width: `${(100 * each.score) / meetings[0]!.score}%` }}
              />
            </span>
            <span className={classes.product}>
              {each.weights[0].toFixed(2)} × {each.weights[1].toFixed(2)}
            </span>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

export const share = (part: number, whole: number): string => `${whole ? Math.round((100 * part) / whole) : 0}%`;

function Legend({ kind, label }: { kind: "said" | "suggested"; label: string }) {
  return (
    <Group gap={6}>
      <span className={classes.dot} data-kind={kind} />
      <Text size="sm" c="dimmed">
        {label}
      </Text>
    </Group>
  );
}
