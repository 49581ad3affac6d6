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
          <Box key={each.token} role="listitem" className={classes.row}>
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
              <Weight meeting={each} side={0} name={names[0]} /> × <Weight meeting={each} side={1} name={names[1]} />
            </span>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

/** A token's weight in one of the texts, in the colour of words that are said, or of those that are suggested. */
function Weight({ meeting, side, name }: { meeting: Meeting; side: 0 | 1; name: string }) {
  const kind = meeting.said[side] ? "said" : "suggested";
  const how = kind === "said" ? "says it" : "suggests it";
  return (
    <span
      className={classes.side}
      data-kind={kind}
      title={`the ${name} text ${how}, with weight ${meeting.weights[side].toFixed(3)}`}
    >
      {meeting.weights[side].toFixed(2)}
      <span className="unseen">
        {" "}
        which the {name} text {how}
      </span>
    </span>
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
