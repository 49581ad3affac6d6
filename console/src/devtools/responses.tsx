import { Badge, Box, Group, Loader, SegmentedControl, Text, UnstyledButton } from "@mantine/core";
import { type KeyboardEvent, useMemo, useState } from "react";
import { Copy } from "../components/copy";
import { bytes, duration } from "../components/format";
import { Empty } from "../components/states";
import { Vector } from "../expand/vector";
import { vectorsIn } from "../expand/weights";
import classes from "./devtools.module.css";
import { Viewer } from "./editor";
import type { Result } from "./run";

// Each may have hundreds of tokens, and all are drawn.
const MOST_VECTORS = 10;

/** The answers to what was sent: one is shown, the others are a press away. */
export function Responses({ results }: { results: Result[] }) {
  const [picked, setPicked] = useState<number | null>(null);
  const shown =
    results.find((each) => each.id === picked) ?? results.findLast((each) => each.isDone || each.body) ?? results[0];
  if (!shown)
    return (
      <Empty title="No answer yet">
        Put the cursor in a request and press Ctrl+Enter. Requests from Elasticsearch's documentation can be pasted as
        they are.
      </Empty>
    );
  return (
    <>
      {results.length > 1 && <Tabs results={results} shown={shown} pick={setPicked} />}
      <Box
        className={classes.panel}
        {...(results.length > 1 ? { role: "tabpanel", "aria-label": "Answer chosen" } : {})}
      >
        <Response key={shown.id} result={shown} />
      </Box>
    </>
  );
}

function Tabs({ results, shown, pick }: { results: Result[]; shown: Result; pick: (id: number) => void }) {
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = results[results.indexOf(shown) + (step ?? 0)];
    if (!step || !next) return;
    event.preventDefault();
    pick(next.id);
    (event.currentTarget.children[results.indexOf(next)] as HTMLElement).focus();
  };
  return (
    <Group gap={2} p={6} role="tablist" aria-label="Answers" className={classes.tabs!} onKeyDown={press}>
      {results.map((result, index) => (
        <UnstyledButton
          key={result.id}
          role="tab"
          aria-selected={result === shown}
          tabIndex={result === shown ? 0 : -1}
          className={classes.tab}
          title={`${result.method} ${result.path}`}
          onClick={() => pick(result.id)}
        >
          <Status result={result} /> {index + 1} {result.method} {result.path}
        </UnstyledButton>
      ))}
    </Group>
  );
}

function Response({ result }: { result: Result }) {
  const vectors = useMemo(() => vectorsIn(result.body), [result.body]);
  const [view, setView] = useState("JSON");
  const isPlain = result.isDone && /^\s*[^\s[{"#]/.test(result.body); // a table of _cat, a manual
  return (
    <>
      <Group gap="sm" px="md" py={8} className={classes.head} justify="space-between">
        <Group gap="sm" role="status">
          <Status result={result} />
          <Text size="xs" c="dimmed" className="number">
            {result.isDone || result.status ? `${duration(result.milliseconds)} · ${bytes(result.size)}` : "waiting …"}
          </Text>
          {!result.isDone && <Loader size={12} />}
        </Group>
        <Group gap={6}>
          {vectors.length > 0 && (
            <SegmentedControl size="xs" data={["JSON", "Tokens"]} value={view} onChange={setView} aria-label="View" />
          )}
          <Copy value={result.body} what="the answer" />
        </Group>
      </Group>
      {result.warnings.map((warning) => (
        <Text key={warning} size="xs" px="md" py={4} c="var(--suggested)" bg="var(--suggested-soft)">
          {warning}
        </Text>
      ))}
      {result.failed && (
        <Text p="md" c="var(--bad)" role="alert">
          {result.failed}
        </Text>
      )}
      {result.said && (
        <Box className={classes.said} role="log" aria-label="Stream">
          {result.said}
        </Box>
      )}
      <Box className={classes.body}>
        {view === "Tokens" && vectors.length > 0 ? (
          <Box p="md" style={{ overflow: "auto", height: "100%" }}>
            {vectors.slice(0, MOST_VECTORS).map((weights, index) => (
              <Vector key={index} weights={weights} text="" />
            ))}
            {vectors.length > MOST_VECTORS && (
              <Text c="dimmed">
                The first {MOST_VECTORS} of {vectors.length} texts are shown; JSON has them all.
              </Text>
            )}
          </Box>
        ) : (
          <Viewer key={`${isPlain}`} text={result.body} label="Answer" isPlain={isPlain} />
        )}
      </Box>
    </>
  );
}

function Status({ result }: { result: Result }) {
  if (result.status === null)
    return (
      <Badge color={result.failed ? "red.8" : "gray.7"} size="sm">
        {result.failed ? "no answer" : "…"}
      </Badge>
    );
  const color = result.status < 300 ? "pine.7" : result.status < 500 ? "amber.7" : "red.8";
  return (
    <Badge color={color} size="sm" tt="none">
      {result.status} {result.statusText}
    </Badge>
  );
}
