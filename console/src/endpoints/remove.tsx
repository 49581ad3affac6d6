import { Alert, Button, Checkbox, Code, Group, List, Modal, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, part } from "../api/client";
import { client } from "../api/queries";
import type { DryRun } from "../api/types";
import { Failure, Loading } from "../components/states";

/** Deletes an endpoint, after what uses it has been shown. */
export function RemoveEndpoint({ id, close }: { id: string | null; close: () => void }) {
  return (
    <Modal opened={id !== null} onClose={close} title={<Text fw={600}>Delete {id}?</Text>} centered size="lg">
      {id && <Confirm key={id} id={id} close={close} />}
    </Modal>
  );
}

function Confirm({ id, close }: { id: string; close: () => void }) {
  const [ignored, setIgnored] = useState(false);
  const use = useQuery({
    queryKey: ["use", id],
    queryFn: () => call<DryRun>("DELETE", `_inference/${part(id)}?dry_run=true`),
    staleTime: 0,
    gcTime: 0,
  });
  const isUsed =
    use.data !== undefined && (use.data.error_message || [...use.data.pipelines, ...use.data.indexes].length > 0);
  const remove = useMutation({
    mutationFn: () => call("DELETE", `_inference/${part(id)}${isUsed ? "?force=true" : ""}`),
    onSuccess: () => {
      void client.invalidateQueries();
      close();
    },
  });
  if (use.isPending) return <Loading what="what uses it" />;
  if (use.error) return <Failure error={use.error} retry={use.refetch} />;
  return (
    <Stack>
      {isUsed ? (
        <>
          <Alert color="amber" variant="light" icon={<IconAlertTriangle aria-hidden />} title="It is in use">
            <Users label="Indices" names={use.data.indexes} />
            <Users label="Pipelines" names={use.data.pipelines} />
            {use.data.error_message && <Text size="sm">{use.data.error_message}</Text>}
            {[...use.data.indexes, ...use.data.pipelines].length > 0 && (
              <Text size="sm" mt="xs">
                Without it, what they ask of it fails: documents are not taken in, and searches give errors.
              </Text>
            )}
          </Alert>
          <Checkbox
            label="Delete it all the same"
            checked={ignored}
            onChange={(event) => setIgnored(event.currentTarget.checked)}
          />
        </>
      ) : (
        <Text size="sm">Nothing here uses it. Requests that name it will fail. This cannot be undone.</Text>
      )}
      {remove.error && <Failure error={remove.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={close} data-autofocus>
          Keep it
        </Button>
        <Button
          color="red.8"
          disabled={Boolean(isUsed) && !ignored}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Delete
        </Button>
      </Group>
    </Stack>
  );
}

function Users({ label, names }: { label: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <Text size="sm" component="div">
      {label}:
      <List size="sm">
        {names.map((name) => (
          <List.Item key={name}>
            <Code>{name}</Code>
          </List.Item>
        ))}
      </List>
    </Text>
  );
}
