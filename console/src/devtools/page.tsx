import type { EditorView } from "@codemirror/view";
import { ActionIcon, Alert, Box, Button, Group, Menu, Text, Tooltip } from "@mantine/core";
import {
  IconBook,
  IconChevronDown,
  IconClock,
  IconCode,
  IconIndentIncrease,
  IconPlayerPlay,
  IconVariable,
} from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import { useStored } from "../components/stored";
import { LANGUAGES, type Language } from "./copyas";
import classes from "./devtools.module.css";
import { Editor } from "./editor";
import { example } from "./examples";
import { History, remembered } from "./history";
import { chosen } from "./marks";
import { requests } from "./parse";
import { format, print } from "./print";
import { Responses } from "./responses";
import { runAll, stop, useRuns } from "./runs";
import { specification } from "./schema";
import { keep, text as writtenText } from "./text";
import { prepare, type Variables } from "./variables";
import { VariablesDialog } from "./variablesdialog";

export default function DevToolsPage() {
  const view = useRef<EditorView>(null);
  const [variables, setVariables] = useStored<Variables>("variables", {});
  const [dialog, setDialog] = useState<"history" | "variables" | null>(null);
  const [notice, setNotice] = useState<{ text: string; bad: boolean } | null>(null);
  const { results, isRunning } = useRuns();
  const initial = useInitialText();
  const say = useCallback((text: string, bad = false) => setNotice({ text, bad }), []);

  const attempt = useCallback(
    (work: () => Promise<void> | void) => {
      setNotice(null);
      Promise.resolve()
        .then(work)
        .catch((error: unknown) => say(error instanceof Error ? error.message : `${error}`, true));
    },
    [say],
  );
  const selected = useCallback(() => {
    const found = view.current ? chosen(view.current.state) : [];
    if (found.length === 0)
      throw new Error("There is no request at the cursor. One begins with a method and a path, such as GET _inference");
    return found;
  }, []);

  const actions = useMemo(
    () => ({
      send: () =>
        attempt(() => {
          const found = selected();
          const prepared = found.map((each) => prepare(each, variables));
          remembered(found.map(print));
          return runAll(prepared);
        }),
      indent: () => attempt(() => indent(view.current!)),
      reference: () =>
        attempt(async () => {
          const [request] = selected();
          const url = (await specification()).match(request!.method, request!.path)?.docUrl;
          if (!url) throw new Error("There is no reference page for this path");
          window.open(url, "_blank", "noopener,noreferrer");
        }),
    }),
    [attempt, selected, variables],
  );
  const copy = (language: Language) =>
    attempt(async () => {
      if (!navigator.clipboard) throw new Error("A browser lets pages copy only over HTTPS, or from this machine");
      const { converted } = await import("./converter");
      const code = await converted(
        selected().map((each) => prepare(each, variables)),
        language,
      );
      await navigator.clipboard.writeText(code);
      say(`Copied as ${language}`);
    });
  const insert = (text: string) => append(view.current!, text);

  return (
    <Box className={classes.page}>
      <h1 className="unseen">Dev Tools</h1>
      <Group gap={6} mb="sm" role="toolbar" aria-label="Requests">
        <Button size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={actions.send}>
          Send
        </Button>
        {isRunning && (
          <Button size="xs" variant="default" onClick={stop}>
            Stop
          </Button>
        )}
        <CopyMenu copy={copy} />
        <Tool label="Indent (Ctrl+I)" icon={IconIndentIncrease} onClick={actions.indent} />
        <Tool label="Reference of this API (Ctrl+/)" icon={IconBook} onClick={actions.reference} />
        <Tool label="History" icon={IconClock} onClick={() => setDialog("history")} />
        <Tool label="Variables" icon={IconVariable} onClick={() => setDialog("variables")} />
        <Text size="sm" role="status" c={notice?.bad ? "var(--bad)" : "dimmed"} ml="xs">
          {notice && !notice.bad ? notice.text : ""}
        </Text>
      </Group>
      {notice?.bad && (
        <Alert
          color="red"
          variant="light"
          mb="sm"
          py={8}
          role="alert"
          withCloseButton
          closeButtonLabel="Close"
          onClose={() => setNotice(null)}
        >
          {notice.text}
        </Alert>
      )}
      <Box className={classes.panes}>
        <Box className={`card ${classes.pane}`}>
          <Editor text={initial} change={keep} actions={actions} take={(made) => (view.current = made)} />
        </Box>
        <Box className={`card ${classes.pane}`}>
          <Responses results={results} />
        </Box>
      </Box>
      <History opened={dialog === "history"} close={() => setDialog(null)} insert={insert} />
      <VariablesDialog
        opened={dialog === "variables"}
        close={() => setDialog(null)}
        variables={variables}
        change={setVariables}
      />
    </Box>
  );
}

/** What was written last, and an example of the endpoint that the address names. */
function useInitialText(): string {
  const [params, setParams] = useSearchParams();
  const [text] = useState(() => {
    const kept = writtenText();
    const [id, task] = [params.get("try"), params.get("task")];
    if (!id || /\s/.test(`${id}${task}`)) return kept; // an id has no spaces: this address was made by somebody else
    const added = example(id, task ?? "");
    return kept.includes(added) ? kept : `${added}\n\n${kept}`;
  });
  useEffect(() => {
    if (!params.has("try")) return;
    keep(text);
    setParams({}, { replace: true });
  }, [params, setParams, text]);
  return text;
}

/** Indent all, and leave the cursor in its request: what is sent next must not change. */
function indent(view: EditorView): void {
  const text = view.state.doc.toString();
  const before = requests(text);
  const formatted = `${format(text)}\n`;
  if (formatted !== text) {
    const [request] = chosen(view.state);
    const anchor = requests(formatted)[before.findIndex((each) => each.from === request?.from)]?.from ?? 0;
    view.dispatch({
      changes: { from: 0, to: text.length, insert: formatted },
      selection: { anchor },
      scrollIntoView: true,
    });
  }
  const wrong = before.find((each) => each.problem);
  if (wrong) throw new Error(`${wrong.method} ${wrong.path}: ${wrong.problem!.message}`);
}

function append(view: EditorView, text: string): void {
  const end = view.state.doc.length;
  const gap = end === 0 ? "" : view.state.doc.toString().endsWith("\n") ? "\n" : "\n\n";
  view.dispatch({
    changes: { from: end, insert: `${gap}${text}\n` },
    selection: { anchor: end + gap.length },
    scrollIntoView: true,
  });
  view.focus();
}

function Tool({ label, icon: Icon, onClick }: { label: string; icon: typeof IconBook; onClick: () => void }) {
  return (
    <Tooltip label={label} withArrow>
      <ActionIcon variant="default" size={30} aria-label={label} onClick={onClick}>
        <Icon size={16} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

function CopyMenu({ copy }: { copy: (language: Language) => void }) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconCode size={15} aria-hidden />}
          rightSection={<IconChevronDown size={13} aria-hidden />}
        >
          Copy as
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((language) => (
          <Menu.Item key={language} onClick={() => copy(language)}>
            {language}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
