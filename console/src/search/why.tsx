import { Box, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Failure, Loading } from "../components/states";
import expand from "../expand/expand.module.css";
import { fused, lensQuery, type Share, shares } from "./lens";
import { CONSTANT, type Explanation, type Hit, type Kind, type Way, WINDOW } from "./plan";
import classes from "./search.module.css";

interface Properties {
  index: string;
  way: Way;
  hit: Hit;
}

/** Why a hit has its score, and so its rank. */
export function Why({ index, way, hit }: Properties) {
  const { query, retriever } = way.body;
  const lens = useQuery(lensQuery(index, retriever ? { retriever } : { query }, hit._id));
  if (lens.isPending) return <Loading what="the reasons" />;
  if (lens.error) return <Failure error={lens.error} retry={lens.refetch} />;
  if (lens.data && way.parts)
    return <Shares all={fused(lens.data, way.parts, { window: WINDOW, constant: CONSTANT })} />;
  const found = lens.data ? shares(lens.data.clause) : [];
  if (found.length > 0) return <Shares all={found} />;
  return hit._explanation ? <Tree node={hit._explanation} /> : <Text size="xs">{REASONS[way.kind]}</Text>;
}

const REASONS: Record<Kind, string> = {
  bm25: "Words of the query stand in it.",
  sparse: "The products of the weights of shared tokens add up.",
  dense: "The cosine of the angle between the two vectors.",
  hybrid: "Reciprocal ranks add up.",
};

function Shares({ all }: { all: Share[] }) {
  const most = Math.max(...all.map((each) => each.score)) || 1;
  return (
    <Box role="list" aria-label="What adds to the score">
      {all.slice(0, 12).map((share) => (
        <Box key={`${share.label}${share.about}`} role="listitem" className={classes.share} title={share.about}>
          <span className={expand.token}>{share.label}</span>
          <span className={expand.number}>{share.score.toFixed(most < 0.1 ? 4 : 2)}</span>
          <span className={expand.track}>
            <span
              className={expand.bar}
              data-kind={share.isLiteral ? "said" : "suggested"}
              style={{ width: `${(100 * share.score) / most}%` }}
            />
          </span>
          <span className="unseen">{share.isLiteral ? "said" : "suggested"}</span>
        </Box>
      ))}
    </Box>
  );
}

function Tree({ node }: { node: Explanation }) {
  return (
    <Text size="xs" component="div">
      <b className="number">{node.value.toFixed(3)}</b> {node.description}
      {node.details && node.details.length > 0 && (
        <ul className={classes.tree}>
          {node.details.map((each, at) => (
            <li key={at}>
              <Tree node={each} />
            </li>
          ))}
        </ul>
      )}
    </Text>
  );
}
