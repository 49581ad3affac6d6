import { Box, Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { IconArrowUp, IconPlayerStop, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { placementsQuery } from "../api/queries";
import { Copy } from "../components/copy";
import { duration } from "../components/format";
import { Empty, Failure, Loading } from "../components/states";
import { PageTitle } from "../components/title";
import classes from "./chat.module.css";
import { Said } from "./markdown";
import { type Answer, type Message, talk } from "./talk";

export default function ChatPage() {
  const placements = useQuery(placementsQuery);
  const [params, setParams] = useSearchParams();
  const able = (placements.data ?? []).filter((each) => /completion$/.test(each.task_type ?? ""));
  const wanted = params.get("endpoint");
  const chosen =
    able.find((each) => each.inference_id === wanted) ??
    able.find((each) => each.task_type === "chat_completion") ??
    able[0];
  return (
    <>
      <PageTitle
        title="Chat"
        actions={
          able.length > 0 && (
            <Select
              aria-label="Endpoint"
              data={able.map((each) => each.inference_id)}
              value={chosen?.inference_id ?? null}
              onChange={(id) => setParams(id ? { endpoint: id } : {}, { replace: true })}
              allowDeselect={false}
              w={260}
            />
          )
        }
      >
        Talk with any endpoint that completes, and see its answer as it is written.
      </PageTitle>
      {placements.isPending && <Loading what="endpoints" />}
      {placements.error && <Failure error={placements.error} retry={placements.refetch} />}
      {placements.data && !chosen && (
        <Empty
          title="No endpoint chats yet"
          action={
            <Button component={Link} href="/" variant="default">
              To the endpoints
            </Button>
          }
        >
          Add one of the task type chat completion: a model that you run yourself, such as with Ollama, or a third
          party's.
        </Empty>
      )}
      {chosen && <Conversation key={chosen.inference_id} id={chosen.inference_id} task={chosen.task_type!} />}
    </>
  );
}

interface Turn extends Message {
  answer?: Answer;
  error?: unknown;
}

function Conversation({ id, task }: { id: string; task: string }) {
  const [turns, setTurns] = useState<Turn[]>([]);
  const [text, setText] = useState("");
  const [stopping, setStopping] = useState<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is said comes into sight
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [turns]);
  useEffect(() => () => stopping?.abort(), [stopping]);

  const last = (change: Partial<Turn>) => setTurns((before) => before.with(-1, { ...before.at(-1)!, ...change }));
  const ask = async () => {
    const question: Turn = { role: "user", content: text.trim() };
    if (!question.content || stopping) return;
    const controller = new AbortController();
    const said = turns.filter((turn) => turn.content).map(({ role, content }) => ({ role, content }));
    setTurns([...turns, question, { role: "assistant", content: "" }]);
    setText("");
    setStopping(controller);
    const tell = (answer: Answer) => last({ content: answer.content, answer });
    await talk({ id, task }, [...said, question], tell, controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) last({ error });
    });
    setStopping(null);
  };
  return (
    <Box className={`card ${classes.conversation}`}>
      <Box className={classes.turns} role="log" aria-label="Conversation" aria-busy={stopping !== null} tabIndex={0}>
        {turns.length === 0 && (
          <Empty title="Say something">
            {task === "completion"
              ? "This endpoint completes texts: each is answered on its own."
              : "The whole conversation is sent each time."}
          </Empty>
        )}
        {turns.map((turn, index) => (
          <TurnView key={index} turn={turn} isGrowing={stopping !== null && index === turns.length - 1} />
        ))}
        <div ref={end} />
      </Box>
      {turns.length > 0 && !stopping && (
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => setTurns([])}
          className={classes.anew!}
        >
          New conversation
        </Button>
      )}
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <Textarea
          aria-label="Message"
          placeholder="Enter sends, Shift Enter begins a new line"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            void ask();
          }}
          autosize
          minRows={1}
          maxRows={8}
          flex={1}
        />
        {stopping ? (
          <Button
            variant="default"
            onClick={() => stopping.abort()}
            leftSection={<IconPlayerStop size={16} aria-hidden />}
          >
            Stop
          </Button>
        ) : (
          <Button type="submit" disabled={!text.trim()} leftSection={<IconArrowUp size={16} aria-hidden />}>
            Send
          </Button>
        )}
      </form>
    </Box>
  );
}

function TurnView({ turn, isGrowing }: { turn: Turn; isGrowing: boolean }) {
  return (
    <Stack gap={4} className={classes.turn} data-role={turn.role}>
      <Text size="xs" c="dimmed" fw={600}>
        {turn.role === "user" ? "You" : "Answer"}
      </Text>
      {turn.content && (
        <Text className={classes.said} component="div" data-shaped={turn.role === "assistant" || undefined}>
          {turn.role === "user" ? turn.content : <Said text={turn.content} />}
          {isGrowing && <span className={classes.caret} aria-hidden="true" />}
        </Text>
      )}
      {isGrowing && !turn.content && <Loading what="the answer" />}
      {turn.error !== undefined && <Failure error={turn.error} />}
      {turn.answer && !isGrowing && (
        <Group gap={4}>
          <Cost answer={turn.answer} />
          {turn.content && <Copy value={turn.content} what="the answer" />}
        </Group>
      )}
    </Stack>
  );
}

function Cost({ answer: { usage, firstAfter, milliseconds } }: { answer: Answer }) {
  const rate = usage && milliseconds ? (1000 * usage.completion_tokens) / milliseconds : null;
  const parts = [
    usage && `${usage.prompt_tokens} tokens read, ${usage.completion_tokens} written`,
    rate && `${rate.toFixed(0)} a second`,
    firstAfter !== null && `first text after ${duration(firstAfter)}`,
    duration(milliseconds),
  ];
  return (
    <Text size="xs" c="dimmed" className="number">
      {parts.filter(Boolean).join(" · ")}
    </Text>
  );
}
