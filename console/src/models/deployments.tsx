import { ActionIcon, Alert, Box, Button, Group, SimpleGrid, Text } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { ApiError } from "../api/errors";
import { client } from "../api/queries";
import { count } from "../components/format";
import { Failure } from "../components/states";
import { type Running, scale, stop } from "./trained";

export function Deployments({ all }: { all: Running[] }) {
  if (all.length === 0)
    return (
      <Text c="dimmed" className="card" p="lg">
        Nothing is loaded. A model is loaded when it is used for the first time, and let go when it has not been used
        for a while.
      </Text>
    );
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
      {all.map((each) => (
        <DeploymentCard key={each.id} deployment={each} />
      ))}
    </SimpleGrid>
  );
}

function DeploymentCard({ deployment }: { deployment: Running }) {
  const tones: Record<string, string> = { started: "var(--good)", failed: "var(--bad)" };
  return (
    <Box className="card" p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text className="mono" fw={600} fz={14} style={{ overflowWrap: "anywhere" }}>
          {deployment.id}
        </Text>
        <Text size="xs" c={tones[deployment.state] ?? "var(--suggested)"} fw={600}>
          {deployment.state}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {[deployment.model, deployment.where].filter(Boolean).join(" · ") || "loading"}
      </Text>
      <Text size="sm" mt={8} className="number">
        {deployment.workers ?? 0} worker{deployment.workers === 1 ? "" : "s"} · {count(deployment.answered)} texts ·{" "}
        {deployment.waiting} waiting
        {deployment.rejected > 0 && ` · ${count(deployment.rejected)} refused`}
      </Text>
      {deployment.reason && (
        <Text size="sm" c="var(--bad)" mt={4}>
          {deployment.reason}
        </Text>
      )}
      {deployment.isOwn && <Controls deployment={deployment} />}
    </Box>
  );
}

function Controls({ deployment: { id, wished } }: { deployment: Running }) {
  const done = () => client.invalidateQueries();
  const scaling = useMutation({ mutationFn: (to: number) => scale(id, to), onSuccess: done });
  const stopping = useMutation({ mutationFn: (force: boolean) => stop(id, force), onSuccess: done });
  const isUsed = stopping.error instanceof ApiError && stopping.error.status === 409;
  return (
    <>
      <Group mt="sm" gap="xs">
        <ActionIcon
          variant="default"
          aria-label={`One worker less for ${id}`}
          disabled={wished <= 1 || scaling.isPending}
          onClick={() => scaling.mutate(wished - 1)}
        >
          <IconMinus size={14} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          aria-label={`One worker more for ${id}`}
          disabled={scaling.isPending}
          onClick={() => scaling.mutate(wished + 1)}
        >
          <IconPlus size={14} />
        </ActionIcon>
        <Button size="xs" variant="default" loading={stopping.isPending} onClick={() => stopping.mutate(false)}>
          Stop
        </Button>
      </Group>
      {scaling.error && <Failure error={scaling.error} />}
      {stopping.error && !isUsed && <Failure error={stopping.error} />}
      {isUsed && (
        <Alert color="amber" variant="light" mt="sm" role="alert" title="It is in use">
          <Text size="sm">{stopping.error?.message}</Text>
          <Button size="xs" color="red.8" mt="xs" onClick={() => stopping.mutate(true)}>
            Stop it all the same
          </Button>
        </Alert>
      )}
    </>
  );
}
