import { Badge, Box, Button, Group, SimpleGrid, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { client } from "../api/queries";
import type { Model } from "../api/types";
import { Copy } from "../components/copy";
import { bytes, spoken } from "../components/format";
import { Failure } from "../components/states";
import { Coming } from "./coming";
import { add, start, type Trained, trainedName } from "./trained";

/** The catalog; `trained` is null where the API for trained models is not there. */
export function Catalog({ all, trained }: { all: Model[]; trained: Trained[] | null }) {
  const order = (model: Model) => Number(!model.present);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {all
        .toSorted((one, other) => order(one) - order(other))
        .map((model) => (
          <ModelCard key={model.id} model={model} trained={trained} />
        ))}
    </SimpleGrid>
  );
}

function ModelCard({ model, trained }: { model: Model; trained: Trained[] | null }) {
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
      <Get model={model} trained={trained} />
    </Box>
  );
}

/** How to get a model, or to start it: by a button where the server can, else by the command line. */
function Get({ model, trained }: { model: Model; trained: Trained[] | null }) {
  const name = trainedName(model);
  const done = () => client.invalidateQueries();
  const adding = useMutation({ mutationFn: () => add(name!), onSuccess: done });
  const starting = useMutation({ mutationFn: () => start(name!), onSuccess: done });
  const action = model.present ? starting : adding;
  const coming = trained?.find(
    (each) => each.fully_defined === false && [model.id, ...model.aliases].includes(each.model_id),
  );
  if (coming && !model.present) return <Coming what={model.id} says="Being fetched from its source." />;
  if (trained && name)
    return (
      <>
        <Button size="xs" variant="default" mt="sm" loading={action.isPending} onClick={() => action.mutate()}>
          {model.present ? "Start a deployment" : "Get it"}
        </Button>
        {action.error && <Failure error={action.error} />}
      </>
    );
  if (model.present) return null;
  const command = `connote models pull ${model.id}`;
  return (
    <Group gap={4} mt="sm" wrap="nowrap">
      <Text className="mono" size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
        {command}
      </Text>
      <Copy value={command} what="the command" />
    </Group>
  );
}
