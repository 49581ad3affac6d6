import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { client } from "../api/queries";
import { bytes, spoken } from "../components/format";
import { Failure } from "../components/states";
import { Coming } from "./coming";
import { start, type Trained } from "./trained";

/** Models that were uploaded; one that is not whole yet says so. */
export function Uploads({ all }: { all: Trained[] }) {
  return (
    <Stack gap="sm">
      {all.map((model) => (
        <Upload key={model.model_id} model={model} />
      ))}
    </Stack>
  );
}

function Upload({ model }: { model: Trained }) {
  const starting = useMutation({
    mutationFn: () => start(model.model_id),
    onSuccess: () => client.invalidateQueries(),
  });
  const isWhole = model.fully_defined !== false;
  const task = Object.keys(model.inference_config ?? {})[0];
  return (
    <Stack className="card" p="md" gap={6}>
      <Group justify="space-between">
        <Text className="mono" fw={600} fz={14}>
          {model.model_id}
        </Text>
        {isWhole && (
          <Button size="xs" variant="default" loading={starting.isPending} onClick={() => starting.mutate()}>
            Start
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {[task && spoken(task), model.model_size_bytes && bytes(model.model_size_bytes), model.description]
          .filter(Boolean)
          .join(" · ")}
      </Text>
      {!isWhole && <Coming what={model.model_id} says="Being uploaded: parts of it are still to come." />}
      {starting.error && <Failure error={starting.error} />}
    </Stack>
  );
}
