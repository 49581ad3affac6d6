import { Badge, Box, Button, Group, SimpleGrid, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { client } from "../api/queries";
import type { Model } from "../api/types";
import { bytes, spoken } from "../components/format";
import { Failure } from "../components/states";
import { Coming } from "./coming";
import { pull, type Running, start, trainedName } from "./trained";

/** The catalog; what is here comes first. */
export function Catalog({ all, running }: { all: Model[]; running: Running[] }) {
  const order = (model: Model) => Number(!model.present);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {all
        .toSorted((one, other) => order(one) - order(other))
        .map((model) => (
          <ModelCard key={model.id} model={model} running={running} />
        ))}
    </SimpleGrid>
  );
}

function ModelCard({ model, running }: { model: Model; running: Running[] }) {
  return (
    <Box className="card" p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text fw={600} style={{ overflowWrap: "anywhere" }}>
          {model.id}
        </Text>
        <Group gap={6} wrap="nowrap">
          {model.present && <IconCheck size={16} color="var(--good)" aria-hidden />}
          <Text size="sm" c={model.present ? "var(--good)" : "dimmed"} style={{ whiteSpace: "nowrap" }}>
            {model.present ? `here, ${bytes(model.bytes ?? 0)}` : "not here yet"}
          </Text>
        </Group>
      </Group>
      <Group gap={6} my={6}>
        <Badge size="sm" variant="light" color="pine" tt="none" c="var(--said)">
          {spoken(model.task_type)}
        </Badge>
        {model.aliases.map((alias) => (
          <Badge
            key={alias}
            size="sm"
            variant="light"
            color="gray"
            tt="none"
            fw={500}
            c="var(--mantine-color-text)"
            className="mono"
          >
            {alias}
          </Badge>
        ))}
      </Group>
      <Text size="sm">{model.note}</Text>
      <Text size="xs" c="dimmed" mt={6} style={{ overflowWrap: "anywhere" }}>
        {model.source} · up to {model.max_tokens} tokens · {model.licence}
      </Text>
      {model.present ? <Start model={model} running={running} /> : <Get model={model} />}
    </Box>
  );
}

/** Gets a model's files, and shows how far they are. */
function Get({ model }: { model: Model }) {
  const pulling = useMutation({ mutationFn: () => pull(model.id), onSuccess: () => client.invalidateQueries() });
  if (model.pulling) {
    const { file, done, total } = model.pulling;
    const far = total ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
    return <Coming what={model.id} done={done} total={total} says={file ? `${file}: ${far}` : "Looking for it …"} />;
  }
  return (
    <>
      <Button size="xs" variant="default" mt="sm" loading={pulling.isPending} onClick={() => pulling.mutate()}>
        {model.pull_failed ? "Try again to get it" : "Get it"}
      </Button>
      {model.pull_failed && (
        <Text size="sm" c="var(--bad)" mt="xs" role="alert" style={{ overflowWrap: "anywhere" }}>
          {model.pull_failed}
        </Text>
      )}
      {pulling.error && <Failure error={pulling.error} />}
    </>
  );
}

/** Starts a model under its own name, if that does not run. */
function Start({ model, running }: { model: Model; running: Running[] }) {
  const name = trainedName(model);
  const starting = useMutation({ mutationFn: () => start(name!), onSuccess: () => client.invalidateQueries() });
  if (!name) return null;
  if (running.some((each) => each.id === name))
    return (
      <Text size="sm" c="var(--good)" mt="sm">
        Runs as {name}
      </Text>
    );
  return (
    <>
      <Button size="xs" variant="default" mt="sm" loading={starting.isPending} onClick={() => starting.mutate()}>
        Start a deployment
      </Button>
      {starting.error && (
        <Box mt="sm">
          <Failure error={starting.error} />
        </Box>
      )}
    </>
  );
}
