import { expect, test } from "vitest";
import { fused, shares } from "./lens";

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
    { label: "similarity 0.800", score: 0.9, isLiteral: false, about: "how near the vectors are" },
  ]);
});

test("a fused rank is told by the ranks that it is made of", () => {
  const clauses = [
    { kind: "multi_match", rank: null },
    { kind: "semantic", rank: 6 },
    { kind: "semantic", rank: 51 },
  ];
  const told = { rank: 1, score: 1 / 66, clause: { kind: "rrf", clauses } };
  expect(fused(told, ["BM25", "Sparse", "Dense"], { window: 50, constant: 60 })).toEqual([
    { label: "BM25: not found", score: 0, isLiteral: false, about: "only the first 50 of each way count" },
    { label: "Sparse: rank 6", score: 1 / 66, isLiteral: false, about: "1 / (60 + 6)" },
    { label: "Dense: rank 51", score: 0, isLiteral: false, about: "only the first 50 of each way count" },
  ]);
});
