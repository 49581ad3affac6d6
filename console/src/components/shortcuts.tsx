import { Group, Kbd, Modal, Stack, Switch, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { store, useStore } from "../api/store";
import { PAGES } from "../pages";
import { useStored } from "./stored";

/** Whether the list of keys is open. */
export const list = store(false);

const EDITOR = [
  ["Ctrl Enter", "Send the request at the cursor, or those selected"],
  ["Ctrl Space", "Complete"],
  ["Ctrl V", "Paste requests, or a command line of curl"],
  ["Ctrl I", "Indent the requests"],
  ["Ctrl /", "Open the reference of the API at the cursor"],
  ["Ctrl F", "Find"],
  ["Escape, then Tab", "Leave the editor"],
];

/** The keys that open pages, and a dialog that lists all keys. */
export function Shortcuts() {
  const opened = useStore(list);
  // Who speaks to a computer may say single keys without meaning to: https://www.w3.org/TR/WCAG22/#character-key-shortcuts
  const [isOn, setOn] = useStored("shortcuts", true);
  const [, go] = useLocation();
  const wentAt = useRef(0);
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target.closest("input, textarea, select, [contenteditable]")
      )
        return;
      const page = PAGES.find((each) => each.key === event.key);
      if (event.key === "?") list.set(true);
      else if (event.key === "g") wentAt.current = event.timeStamp;
      else if (page && event.timeStamp - wentAt.current < 1_500) go(page.path);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [go, isOn]);
  const rows = [...PAGES.map((page) => [`G ${page.key.toUpperCase()}`, page.name]), ["?", "This list"]];
  return (
    <Modal opened={opened} onClose={() => list.set(false)} title="Keyboard shortcuts" centered>
      <Switch
        label="Keys that work anywhere"
        checked={isOn}
        onChange={(event) => setOn(event.currentTarget.checked)}
        mb="lg"
      />
      <Keys title="Anywhere" rows={rows} />
      <Keys title="In Dev Tools" rows={EDITOR} />
    </Modal>
  );
}

function Keys({ title, rows }: { title: string; rows: string[][] }) {
  return (
    <Stack gap={6} mb="lg">
      <Text fw={600} size="sm">
        {title}
      </Text>
      {rows.map(([keys = "", does]) => (
        <Group key={keys} justify="space-between" wrap="nowrap">
          <Text size="sm">{does}</Text>
          <Group gap={4} wrap="nowrap">
            {keys
              .split(" ")
              .map((each) => (/^[A-Z?/]/.test(each) ? <Kbd key={each}>{each}</Kbd> : <span key={each}>{each}</span>))}
          </Group>
        </Group>
      ))}
    </Stack>
  );
}
