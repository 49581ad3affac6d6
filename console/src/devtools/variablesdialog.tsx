import { ActionIcon, Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Variables } from "./variables";

interface Properties {
  opened: boolean;
  close: () => void;
  variables: Variables;
  change: (variables: Variables) => void;
}

export function VariablesDialog({ opened, close, variables, change }: Properties) {
  return (
    <Modal opened={opened} onClose={close} title="Variables" centered size="lg">
      {opened && <Form variables={variables} change={change} close={close} />}
    </Modal>
  );
}

function Form({ variables, change, close }: Omit<Properties, "opened">) {
  const [rows, setRows] = useState(() => [...Object.entries(variables), ["", ""]] as [string, string][]);
  const set = (index: number, row: [string, string]) => {
    const next = rows.with(index, row);
    setRows(next.at(-1)![0] ? [...next, ["", ""]] : next);
  };
  const wrong = (name: string) => (name === "" || /^[\w-]+$/.test(name) ? null : "Letters, digits, - and _ only");
  const save = () => {
    change(Object.fromEntries(rows.filter(([name]) => name)));
    close();
  };
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        <Code>{"${name}"}</Code> in a path or in a string stands for the value. Alone, outside of quotes, it stands for
        a number, list or object. Values are kept in this browser: no place for secrets.
      </Text>
      {rows.map(([name, value], index) => (
        <Group key={index} align="flex-start" wrap="nowrap">
          <TextInput
            aria-label="Name"
            placeholder="name"
            value={name}
            error={wrong(name)}
            onChange={(event) => set(index, [event.currentTarget.value, value])}
            w={180}
          />
          <TextInput
            aria-label={`Value of ${name || "the new variable"}`}
            placeholder="value"
            value={value}
            onChange={(event) => set(index, [name, event.currentTarget.value])}
            flex={1}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label={`Remove ${name || "the new variable"}`}
            disabled={index === rows.length - 1}
            onClick={() => setRows(rows.toSpliced(index, 1))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button onClick={save} disabled={rows.some(([name]) => wrong(name))}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
