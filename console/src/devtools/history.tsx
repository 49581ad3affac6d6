import { Button, Drawer, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { Empty } from "../components/states";
import { read, write } from "../components/stored";
import { withoutSecrets } from "./secret";

const MOST = 500;
// A browser has room for some five million characters, and the editor needs some of it.
const MOST_CHARACTERS = 1_000_000;

interface Sent {
  text: string;
  at: number;
}

/** Keep what is sent, but for its secrets; what is sent again moves to the front. */
export function remembered(sent: string[]): void {
  const texts = sent.map(withoutSecrets);
  const added = texts.map((text) => ({ text, at: Date.now() }));
  const kept = read<Sent[]>("history", []).filter((each) => !texts.includes(each.text));
  write("history", latest([...added.reverse(), ...kept]));
}

/** As many as there is room for; what would take all of it alone is left out. */
export function latest(all: Sent[]): Sent[] {
  let room = MOST_CHARACTERS;
  const short = all.filter(({ text }) => text.length < MOST_CHARACTERS / 10);
  return short.slice(0, MOST).filter(({ text }) => (room -= text.length) >= 0);
}

export function History({
  opened,
  close,
  insert,
}: {
  opened: boolean;
  close: () => void;
  insert: (text: string) => void;
}) {
  return (
    <Drawer opened={opened} onClose={close} position="right" title="History" size="md">
      {opened && <List close={close} insert={insert} />}
    </Drawer>
  );
}

function List({ close, insert }: { close: () => void; insert: (text: string) => void }) {
  const [all, setAll] = useState(() => read<Sent[]>("history", []));
  if (all.length === 0) return <Empty title="Nothing sent yet">Requests that you send are kept in this browser.</Empty>;
  const clear = () => {
    write("history", []);
    setAll([]);
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          The last {MOST} are kept in this browser.
        </Text>
        <Button size="xs" variant="default" onClick={clear}>
          Clear
        </Button>
      </Group>
      {all.map(({ text, at }) => {
        const [head, ...body] = text.split("\n");
        return (
          <UnstyledButton
            key={`${at}${text}`}
            className="card"
            p="sm"
            onClick={() => {
              insert(text);
              close();
            }}
          >
            <Group justify="space-between" wrap="nowrap">
              <Text className="mono" fz={13} fw={550} truncate>
                {head}
              </Text>
              <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                {new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}
              </Text>
            </Group>
            <Text className="mono" fz={12} c="dimmed" truncate>
              {body.join(" ").replace(/\s+/g, " ").slice(0, 200)}
            </Text>
          </UnstyledButton>
        );
      })}
    </Stack>
  );
}
