import { Anchor, Box, Collapse, Group, Text, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Weights } from "../api/types";
import { duration } from "../components/format";
import { Failure, Loading } from "../components/states";
import { weightsQuery } from "../expand/ask";
import { marked, type Piece, passage } from "./passage";
import { type Found, type Hit, pieces, ranks, textOf, titleOf, type Way } from "./plan";
import classes from "./search.module.css";
import { Why } from "./why";

interface Properties {
  index: string;
  way: Way;
  answer: UseQueryResult<Found & { milliseconds: number }>;
  found: { name: string; hits: Hit[] }[];
  query: string;
  looked: string | null;
  look: (id: string | null) => void;
}

/** One way to search, and what it finds. */
export function Column({ index, way, answer, found, query, looked, look }: Properties) {
  const expansion = useQuery({ ...weightsQuery(way.sparse ?? "", query), enabled: Boolean(way.sparse) });
  const weights = expansion.data?.weights ?? {};
  const hits = answer.data?.hits.hits ?? [];
  const total = answer.data?.hits.total;
  const count = typeof total === "number" ? total : total?.value;
  return (
    <Box component="section" className="card" aria-label={way.name} aria-busy={answer.isFetching}>
      <Box className={classes.head}>
        <Title order={2} fz={20}>
          {way.name}
        </Title>
        <Text size="xs" c="dimmed" className="number" mih="1.5em">
          {answer.data && `${answer.data.took} ms in the engine · ${duration(answer.data.milliseconds)} in all`}
        </Text>
        <Text size="xs" c="dimmed" truncate title={way.about}>
          {way.about}
          {count !== undefined && ` · ${count} found`}
        </Text>
      </Box>
      {answer.isPending && <Loading what="hits" />}
      {answer.error && (
        <Box p="md">
          <Failure error={answer.error} retry={answer.refetch} />
        </Box>
      )}
      {answer.data && hits.length === 0 && (
        <Text p="lg" c="dimmed" ta="center">
          Nothing found this way.
        </Text>
      )}
      <ol className={classes.hits}>
        {hits.map((hit, at) => (
          <HitView
            key={hit._id}
            hit={hit}
            rank={at + 1}
            others={ranks(hit._id, found).filter((each) => each.name !== way.name)}
            isAlone={found.length === 1}
            query={query}
            weights={weights}
            index={index}
            way={way}
            isLooked={looked === hit._id}
            look={look}
          />
        ))}
      </ol>
    </Box>
  );
}

interface HitProperties {
  hit: Hit;
  rank: number;
  others: { name: string; rank: number }[];
  isAlone: boolean;
  query: string;
  weights: Weights;
  index: string;
  way: Way;
  isLooked: boolean;
  look: (id: string | null) => void;
}

function HitView({ hit, rank, others, isAlone, query, weights, index, way, isLooked, look }: HitProperties) {
  const [opened, { toggle }] = useDisclosure();
  const [title, text] = [titleOf(hit), textOf(hit)];
  const plain = pieces(text)
    .map((each) => each.text)
    .join("");
  const expanded = { ...(way.sparse ? { endpoint: way.sparse } : {}), a: query, b: plain.slice(0, 2_000) };
  const shown = way.sparse ? marked(opened ? plain : passage(plain, weights), query, weights) : pieces(text);
  const titled = way.sparse
    ? marked(title, query, weights)
    : plain === title
      ? pieces(text)
      : [{ text: title, kind: null }];
  return (
    <li
      className={classes.hit}
      data-looked={isLooked || undefined}
      data-hit={hit._id}
      onMouseEnter={() => look(hit._id)}
      onMouseLeave={() => look(null)}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs" align="baseline">
        <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
          <span className={classes.rank}>{rank}</span>
          <Pieces all={titled} />
        </Text>
        <Text size="xs" c="dimmed" className="number">
          {hit._score?.toFixed(3) ?? "–"}
        </Text>
      </Group>
      {plain !== title && (
        <Text size="sm" {...(opened ? {} : { lineClamp: 3 })} mt={2}>
          <Pieces all={shown} />
        </Text>
      )}
      <Group gap={10} mt={4}>
        <Text size="xs" c="dimmed">
          {others.map((each) => `${each.rank}. in ${each.name}`).join(" · ")}
          {others.length === 0 && !isAlone && "in no other list"}
        </Text>
        <UnstyledButton fz="xs" c="var(--said)" onClick={toggle} aria-expanded={opened}>
          Why here?
        </UnstyledButton>
      </Group>
      <Collapse expanded={opened}>
        <Box className={classes.why}>
          <Why index={index} way={way} hit={hit} />
          <Anchor component={Link} size="xs" href={`/expand?${new URLSearchParams(expanded)}`}>
            See the tokens of both texts
          </Anchor>
        </Box>
      </Collapse>
    </li>
  );
}

const KINDS = { said: "a word of the query", suggested: "the query suggests it" };

/** A text in which words of the query are marked, and those that it suggests. */
function Pieces({ all }: { all: Piece[] }) {
  return all.map(({ text, kind }, at) =>
    kind ? (
      <mark key={at} data-kind={kind} title={KINDS[kind]}>
        {text}
      </mark>
    ) : (
      text
    ),
  );
}
