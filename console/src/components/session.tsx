import { Button, Group, Loader, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { send } from "../api/client";
import { client } from "../api/queries";
import { access, apiKey, presence, setApiKey } from "../api/session";
import { useStore } from "../api/store";

/** Asks for an API key when the server wants one, or refuses that which it got. */
export function Gate() {
  const refused = useStore(access) === "refused";
  const [key, setKey] = useState("");
  const had = apiKey() !== null;
  // A header holds nothing else.
  const wrong = /^[\x21-\x7e]*$/.test(key.trim())
    ? null
    : "A key has letters, digits and signs of ASCII only, and no spaces";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    setApiKey(key.trim());
    setKey("");
    void client.resetQueries();
  };
  return (
    <Modal opened={refused} onClose={() => access.set("fine")} title="This server asks for an API key" centered>
      <form onSubmit={submit}>
        <Stack>
          {had && (
            <Text size="sm" c="var(--bad)" role="alert">
              The key was refused. It may have expired, or been changed.
            </Text>
          )}
          <PasswordInput
            label="API key"
            description="One of those in CONNOTE_API_KEY or the configuration. It is forgotten when this tab is closed."
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={wrong}
            autoComplete="off"
            data-autofocus
            required
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={!key.trim() || wrong !== null}>
              Use this key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Ask now and then whether the server is back, one question at a time. */
async function look(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await new Promise((done) => setTimeout(done, 1_500));
    if (signal.aborted) return;
    const isThere = await send("livez", { signal: AbortSignal.timeout(5_000) }).then(
      () => true,
      () => false,
    );
    if (isThere) void client.invalidateQueries();
  }
}

/** Says that the server is away, looks for it, and loads everything anew when it is back. */
export function Presence() {
  const away = useStore(presence) === "away";
  useEffect(() => {
    if (!away) return;
    const leaving = new AbortController();
    void look(leaving.signal);
    return () => leaving.abort();
  }, [away]);
  if (!away) return null;
  return (
    <Group role="status" bg="var(--suggested-soft)" px="xl" py={8} gap="sm">
      <Loader size={14} color="var(--suggested)" />
      <Text size="sm" c="var(--suggested)" fw={500}>
        connote does not answer. Trying again until it does …
      </Text>
    </Group>
  );
}
