import { Box, Button, Group, Select, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { ApiError } from "../api/errors";
import { Empty, Failure, Loading } from "../components/states";
import { PageTitle } from "../components/title";
import { indicesQuery } from "./ask";
import { Results } from "./results";

export default function SearchPage() {
  const indices = useQuery(indicesQuery);
  const [params, setParams] = useSearchParams();
  const index = params.get("index") ?? indices.data?.[0]?.index ?? null;
  const query = params.get("q") ?? "";
  const set = (name: string, value: string) =>
    setParams((before) => {
      before.set(name, value);
      if (name === "index") before.delete("filter"); // whose fields are another index's
      return before;
    });
  const hasNoApi = indices.error instanceof ApiError && indices.error.isUnknownRoute;
  return (
    <>
      <PageTitle title="Search">Words, meaning, and both: side by side, over one index.</PageTitle>
      {indices.isPending && <Loading what="indices" />}
      {hasNoApi && <NoIndexApi />}
      {indices.error && !hasNoApi && <Failure error={indices.error} retry={indices.refetch} />}
      {indices.data?.length === 0 && <NoIndex />}
      {indices.data && index && (
        <>
          <Group align="flex-end" mb="md">
            <Select
              label="Index"
              data={indices.data.map((each) => ({ value: each.index, label: labelOf(each.index, each["docs.count"]) }))}
              value={index}
              onChange={(value) => value && set("index", value)}
              allowDeselect={false}
              searchable
              w={{ base: "100%", xs: 240 }}
            />
            <QueryForm key={query} initial={query} ask={(text) => set("q", text)} />
          </Group>
          {query ? (
            <Results key={index} index={index} query={query} />
          ) : (
            <Empty title="What are you looking for?">
              Type a query. Each way to search that the index allows answers it beside the others.
            </Empty>
          )}
        </>
      )}
    </>
  );
}

const labelOf = (index: string, documents?: string) => (documents ? `${index} (${documents})` : index);

function QueryForm({ initial, ask }: { initial: string; ask: (text: string) => void }) {
  const [text, setText] = useState(initial);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) ask(text.trim());
  };
  return (
    <Box component="form" onSubmit={submit} flex="1 1 260px" role="search">
      <Group align="flex-end" wrap="nowrap" gap="xs">
        <TextInput
          label="Query"
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          flex={1}
        />
        <Button type="submit" disabled={!text.trim()}>
          Search
        </Button>
      </Group>
    </Box>
  );
}

function NoIndexApi() {
  return (
    <Empty title="This server keeps no documents">
      It serves inference only: it has no API for indices. <Link href="/expand">Expand</Link> shows what its models make
      of two texts.
    </Empty>
  );
}

function NoIndex() {
  return (
    <Empty
      title="No index yet"
      action={
        <Button component={Link} href="/devtools?try=index" mt="sm">
          Make one in Dev Tools
        </Button>
      }
    >
      <Text inherit>
        An index with a field of the type <code>semantic_text</code> is searched by meaning. Dev Tools has the three
        requests that make a small one.
      </Text>
    </Empty>
  );
}
