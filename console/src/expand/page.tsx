import { Alert, Box, Button, Group, Loader, Select, SimpleGrid, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconColumns2, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
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
// Servers and browsers have no room for any text in an address.
const LONGEST = 2_000;

export default function ExpandPage() {
  const placements = useQuery(placementsQuery);
  const ids = (placements.data ?? [])
    .filter((each) => each.task_type === "sparse_embedding")
    .map((each) => each.inference_id);
  const [params, setParams] = useSearchParams();
  const id = params.get("endpoint") ?? (ids.includes(".elser-2-elastic") ? ".elser-2-elastic" : ids[0]);
  const keep = useCallback(
    (values: Record<string, string | null>) =>
      setParams(
        (before) => {
          for (const [name, value] of Object.entries(values)) {
            before.delete(name);
            if (value !== null && value.length <= LONGEST) before.set(name, value);
          }
          return before;
        },
        { replace: true },
      ),
    [setParams],
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
            onChange={(value) => keep({ endpoint: value })}
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
      {id && <Texts id={id} first={params.get("a") ?? FIRST} second={params.get("b")} keep={keep} />}
    </>
  );
}

interface TextsProperties {
  id: string;
  first: string;
  second: string | null;
  keep: (texts: Record<"a" | "b", string | null>) => void;
}

function Texts({ id, first, second, keep }: TextsProperties) {
  const [a, setA] = useState(first);
  const [b, setB] = useState(second);
  const one = useWeights(id, a);
  const other = useWeights(id, b ?? "");
  useEffect(() => {
    if (a === first && b === second) return;
    const timer = setTimeout(() => keep({ a, b }), 500); // browsers forbid an address that changes with every key
    return () => clearTimeout(timer);
  }, [a, b, first, second, keep]);
  const isSplit = b !== null;
  const [said, otherSaid] = [a.trim() ? one.data : undefined, b?.trim() ? other.data : undefined];
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, sm: isSplit ? 2 : 1 }}>
        <Input label={isSplit ? "First text" : "Text"} value={a} change={setA} isBusy={one.isFetching} />
        {isSplit && <Input label="Second text" value={b} change={setB} isBusy={other.isFetching} />}
      </SimpleGrid>
      <Group>
        {isSplit ? (
          <Button variant="default" size="xs" leftSection={<IconX size={14} aria-hidden />} onClick={() => setB(null)}>
            One text only
          </Button>
        ) : (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconColumns2 size={14} aria-hidden />}
            onClick={() => setB(SECOND)}
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
      {said && otherSaid && (
        <Box className="card">
          <Meet
            meetings={meetings(said.weights, otherSaid.weights, [said.text, otherSaid.text])}
            names={["first", "second"]}
          />
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
  return useQuery({
    ...weightsQuery(id, asked),
    // While one types the last vector stays, but never as that of another endpoint.
    placeholderData: (last, query) => (query?.queryKey[1] === id ? last : undefined),
  });
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
      {query.data && <Vector weights={query.data.weights} text={query.data.text} />}
    </Box>
  );
}
