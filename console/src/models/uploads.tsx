import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { client } from "../api/queries";
import type { Upload as Unfinished } from "../api/types";
import { bytes, spoken } from "../components/format";
import { Failure } from "../components/states";
import { Coming } from "./coming";
import { start, type Trained } from "./trained";

/** Models that were uploaded; one that is not whole yet says so. */
export function Uploads({ all, unfinished }: { all: Trained[]; unfinished: Unfinished[] }) {
  return (
    <Stack gap="sm">
      {all.map((model) => (
        <Upload
          key={model.model_id}
          model={model}
          upload={unfinished.find((each) => each.model_id === model.model_id)}
        />
      ))}
    </Stack>
  );
}

function Upload({ model, upload }: { model: Trained; upload: Unfinished | undefined }) {
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
      {upload && <Coming what={model.model_id} done={upload.bytes} total={upload.total_bytes} says={far(upload)} />}
      {starting.error && <Failure error={starting.error} />}
    </Stack>
  );
}

function far({ parts, total_parts, bytes: done, total_bytes }: Unfinished): string {
  if (!total_parts || !total_bytes) return "Its definition is still to be uploaded.";
  return `${parts} of ${total_parts} parts are here, ${bytes(done)} of ${bytes(total_bytes)}.`;
}
