import type { Weights } from "../api/types";

/** A token of a sparse vector; `isSaid` if the text has it, else the model suggests it. */
export interface Term {
  token: string;
  weight: number;
  isSaid: boolean;
}

/** A token that two vectors share, and what it adds to their score: the product of its weights. */
export interface Meeting {
  token: string;
  weights: [number, number];
  score: number;
  /** Whether each text has the word itself; else its model suggests it. */
  said: [boolean, boolean];
  /** Whether both have it. */
  isLiteral: boolean;
}

/** The tokens, heaviest first. */
export function terms(weights: Weights, text: string): Term[] {
  const words = wordsOf(text);
  return Object.entries(weights)
    .map(([token, weight]) => ({ token, weight, isSaid: isSaid(token, words, weights) }))
    .toSorted((one, other) => other.weight - one.weight);
}

/** Where two vectors meet, what adds most first. */
export function meetings(one: Weights, other: Weights, texts: [string, string]): Meeting[] {
  const words = texts.map(wordsOf);
  return Object.entries(one)
    .filter(([token]) => token in other)
    .map(([token, weight]): Meeting => {
      const said: [boolean, boolean] = [isSaid(token, words[0]!, one), isSaid(token, words[1]!, other)];
      const weights: [number, number] = [weight, other[token]!];
      return { token, weights, score: weight * other[token]!, said, isLiteral: said[0] && said[1] };
    })
    .toSorted((a, b) => b.score - a.score);
}

export const total = (all: Meeting[]): number => all.reduce((sum, each) => sum + each.score, 0);

/** A text as most models read it: without accents, in small letters. */
export const plain = (text: string): string =>
  text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();

export function wordsOf(text: string): Set<string> {
  return new Set(plain(text).match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []);
}

/** Whether a token is a word of the text, or a piece of one: WordPiece marks all pieces but a word's first with ##. */
function isSaid(token: string, words: Set<string>, weights: Weights): boolean {
  if (token.startsWith("##")) {
    const piece = token.slice(2);
    return [...words].some(
      (word) => word.length > piece.length && word.endsWith(piece) && word.slice(0, -piece.length) in weights,
    );
  }
  if (words.has(token.toLowerCase())) return true;
  return [...words].some((word) => word.startsWith(token) && `##${word.slice(token.length)}` in weights);
}

/** The sparse vectors in an answer of the inference API; none if it is another answer. */
export function vectorsIn(body: string): Weights[] {
  if (!body.startsWith("{") || !body.includes('"sparse_embedding"')) return [];
  try {
    const { sparse_embedding: found } = JSON.parse(body) as { sparse_embedding?: { embedding: Weights }[] };
    return Array.isArray(found) ? found.map((each) => each.embedding) : [];
  } catch {
    return [];
  }
}
