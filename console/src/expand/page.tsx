import { Alert, Box, Button, Group, Loader, Select, SimpleGrid, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconColumns2, IconX } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { placementsQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../components/states";
import { PageTitle } from "../components/title";
import { weightsQuery } from "./ask";
import { Meet } from "./meet";
import { Vector } from "./vector";
import { meetings } from "./weights";

const FIRST = "There is no reason anyone would want a computer in their home";
const SECOND = "Personal machines belong in every house";

export default function ExpandPage() {
  const placements = useQuery(placementsQuery);
  const ids = (placements.data ?? [])
    .filter((each) => each.task_type === "sparse_embedding")
    .map((each) => each.inference_id);
  const [params, setParams] = useSearchParams();
  const id = params.get("endpoint") ?? (ids.includes(".elser-2-elastic") ? ".elser-2-elastic" : ids[0]);
  const set = (name: string, value: string | null) =>
    setParams(
      (before) => {
        before.delete(name);
        if (value !== null) before.set(name, value);
        return before;
      },
      { replace: true },
    );
  return (
    <>
      <PageTitle
        title="Expand"
        actions={
          <Select
            aria-label="Endpoint"
            data={ids}
            value={id ?? null}
            onChange={(value) => set("endpoint", value)}
            allowDeselect={false}
            w={260}
          />
        }
      >
        More than the literal word: what a text says, and what the model hears in it.
      </PageTitle>
      {placements.isPending && <Loading what="endpoints" />}
      {placements.error && <Failure error={placements.error} retry={placements.refetch} />}
      {placements.data && !id && (
        <Empty title="No sparse endpoint">Add one of the task type sparse embedding on the endpoints page.</Empty>
      )}
      {id && <Texts id={id} first={params.get("a") ?? FIRST} second={params.get("b")} set={set} />}
    </>
  );
}

interface TextsProperties {
  id: string;
  first: string;
  second: string | null;
  set: (name: string, value: string | null) => void;
}

function Texts({ id, first, second, set }: TextsProperties) {
  const [a, setA] = useState(first);
  const [b, setB] = useState(second);
  const one = useWeights(id, a);
  const other = useWeights(id, b ?? "");
  const change = (name: "a" | "b", value: string | null) => {
    if (name === "a") setA(value ?? "");
    else setB(value);
    set(name, value);
  };
  const isSplit = b !== null;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, sm: isSplit ? 2 : 1 }}>
        <Input
          label={isSplit ? "First text" : "Text"}
          value={a}
          change={(value) => change("a", value)}
          isBusy={one.isFetching}
        />
        {isSplit && (
          <Input label="Second text" value={b} change={(value) => change("b", value)} isBusy={other.isFetching} />
        )}
      </SimpleGrid>
      <Group>
        {isSplit ? (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconX size={14} aria-hidden />}
            onClick={() => change("b", null)}
          >
            One text only
          </Button>
        ) : (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconColumns2 size={14} aria-hidden />}
            onClick={() => change("b", SECOND)}
          >
            Compare with a second text
          </Button>
        )}
        <Text size="sm" c="dimmed">
          <Text span c="var(--said)" fw={600}>
            Said
          </Text>{" "}
          is in the text;{" "}
          <Text span c="var(--suggested)" fw={600}>
            suggested
          </Text>{" "}
          is what it brings to mind.
        </Text>
      </Group>
      {isSplit && one.data && other.data && (
        <Box className="card">
          <Meet meetings={meetings(one.data.weights, other.data.weights, [a, b])} names={["first", "second"]} />
        </Box>
      )}
      <SimpleGrid cols={{ base: 1, sm: isSplit ? 2 : 1 }}>
        <Expansion query={one} text={a} />
        {isSplit && <Expansion query={other} text={b} />}
      </SimpleGrid>
    </Stack>
  );
}

function Input({
  label,
  value,
  change,
  isBusy,
}: {
  label: string;
  value: string;
  change: (value: string) => void;
  isBusy: boolean;
}) {
  return (
    <Textarea
      label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      autosize
      minRows={2}
      maxRows={8}
      size="md"
      rightSection={isBusy ? <Loader size={14} aria-label="Working" /> : null}
    />
  );
}

function useWeights(id: string, text: string) {
  const [asked] = useDebouncedValue(text.trim(), 250);
  return useQuery({ ...weightsQuery(id, asked), placeholderData: keepPreviousData });
}

function Expansion({ query, text }: { query: ReturnType<typeof useWeights>; text: string }) {
  if (text.trim() === "") return <Empty title="Nothing to expand">Type a text above.</Empty>;
  return (
    <Box className="card" p="lg" aria-busy={query.isFetching}>
      {query.isPending && <Loading what="the expansion; a model's first use takes a moment" />}
      {query.error && <Failure error={query.error} retry={query.refetch} />}
      {query.data?.isCut && (
        <Alert color="amber" variant="light" mb="md">
          The text is longer than the model takes; its end is left out.
        </Alert>
      )}
      {query.data && <Vector weights={query.data.weights} text={text} />}
    </Box>
  );
}
