import { queryOptions } from "@tanstack/react-query";
import { call, part } from "../api/client";
import { ApiError } from "../api/errors";

/** What a token, term or chunk adds to a score. */
export interface Share {
  label: string;
  score: number;
  /** Whether both texts have the word itself, rather than suggest it. */
  isLiteral: boolean;
  about: string;
}

interface Clause {
  kind: string;
  field?: string;
  terms?: { field: string; term: string; score: number }[];
  chunks?: Chunk[];
  clauses?: Clause[];
  /** Of a query in a retriever. */
  rank?: number | null;
}

interface Chunk {
  score: number | null;
  is_best?: boolean;
  similarity?: number;
  text?: string;
  tokens?: { token: string; query_weight: number; document_weight: number; score: number; suggested: string[] }[];
}

interface Told {
  clause: Clause;
}

/** connote's own look at one document as a query sees it; null where the server has no such thing. */
export const lensQuery = (index: string, asked: { query: unknown } | { retriever: unknown }, id: string) =>
  queryOptions({
    queryKey: ["lens", index, asked, id],
    queryFn: async ({ signal }): Promise<Told | null> => {
      const path = `${part(index)}/_connote/explain`;
      return call<Told>("POST", path, { ...asked, id }, signal).catch((error: unknown) => {
        if (error instanceof ApiError && (error.isUnknownRoute || error.status === 404 || error.status === 405))
          return null;
        throw error;
      });
    },
    staleTime: 60_000,
  });

/** What adds to the score, whatever clause it is of, the most first. */
export function shares(clause: Clause): Share[] {
  const chunks = clause.chunks ?? [];
  const own = [...termShares(clause), ...chunks.flatMap((chunk) => chunkShares(chunk, chunks.length === 1))];
  const inner = (clause.clauses ?? []).flatMap(shares);
  const all = new Map([...own, ...inner].map((each) => [`${each.label} ${each.about}`, each]));
  return [...all.values()].toSorted((one, other) => other.score - one.score);
}

function termShares({ terms = [] }: Clause): Share[] {
  return terms.map(({ field, term, score }) => ({ label: term, score, isLiteral: true, about: `a word in ${field}` }));
}

/** Of sparse chunks the best one's tokens; of dense ones each as a whole. */
function chunkShares(chunk: Chunk, isOnly: boolean): Share[] {
  if (chunk.tokens)
    return chunk.is_best === false
      ? []
      : chunk.tokens.map((each) => ({
          label: each.token,
          score: each.score,
          isLiteral: each.suggested.length === 0,
          about: `${each.query_weight.toFixed(2)} × ${each.document_weight.toFixed(2)}`,
        }));
  if (chunk.score === null) return [];
  const text = chunk.text && !isOnly ? ` of “${chunk.text.slice(0, 60)}${chunk.text.length > 60 ? "…" : ""}”` : "";
  const label = `similarity${chunk.similarity === undefined ? "" : ` ${chunk.similarity.toFixed(3)}`}${text}`;
  return [{ label, score: chunk.score, isLiteral: false, about: "how near the vectors are" }];
}

/** What each way adds to a rank that is made of theirs; `names` are those of the retriever's queries. */
export function fused(
  told: Told,
  names: string[],
  { window, constant }: { window: number; constant: number },
): Share[] {
  return names.map((name, at) => {
    const rank = told.clause.clauses?.[at]?.rank ?? null;
    const isIn = rank !== null && rank <= window;
    return {
      label: rank === null ? `${name}: not found` : `${name}: rank ${rank}`,
      score: isIn ? 1 / (constant + rank) : 0,
      isLiteral: false,
      about: isIn ? `1 / (${constant} + ${rank})` : `only the first ${window} of each way count`,
    };
  });
}
