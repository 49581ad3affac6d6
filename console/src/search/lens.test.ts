import { expect, test } from "vitest";
import { shares } from "./lens";

test("tokens of the best chunk, terms, and chunks of vectors are one list, what adds most first", () => {
  const token = { query_weight: 2, document_weight: 1.5, suggested: [] };
  const clause = {
    kind: "bool",
    clauses: [
      { kind: "match", terms: [{ field: "title", term: "sea", score: 1.5 }] },
      {
        kind: "semantic",
        chunks: [
          {
            score: 4,
            is_best: true,
            tokens: [
              { ...token, token: "coast", score: 3, suggested: ["query"] },
              { ...token, token: "sea", score: 1 },
            ],
          },
          { score: 1, is_best: false, tokens: [{ ...token, token: "boat", score: 1 }] },
        ],
      },
      { kind: "semantic", chunks: [{ score: 0.9, similarity: 0.8, text: "A quiet house" }] },
    ],
  };
  expect(shares(clause)).toEqual([
    { label: "coast", score: 3, isLiteral: false, about: "2.00 × 1.50" },
    { label: "sea", score: 1.5, isLiteral: true, about: "a word in title" },
    { label: "sea", score: 1, isLiteral: true, about: "2.00 × 1.50" },
    { label: "“A quiet house”", score: 0.9, isLiteral: false, about: "similarity 0.800" },
  ]);
});
