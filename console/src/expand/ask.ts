import { queryOptions } from "@tanstack/react-query";
import { call, part } from "../api/client";
import type { Weights } from "../api/types";

/** A text as a sparse endpoint expands it, and whether its end was cut off. */
export const weightsQuery = (id: string, text: string) =>
  queryOptions({
    queryKey: ["weights", id, text],
    enabled: text !== "",
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      // The first use of a model loads it, so it may take its time.
      const path = `_inference/sparse_embedding/${part(id)}?timeout=5m`;
      const { sparse_embedding: found } = await call<{
        sparse_embedding: { embedding: Weights; is_truncated: boolean }[];
      }>("POST", path, { input: text }, signal);
      return { weights: found[0]!.embedding, isCut: found[0]!.is_truncated };
    },
  });
