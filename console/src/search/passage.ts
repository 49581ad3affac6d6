import type { Weights } from "../api/types";
import { plain, wordsOf } from "../expand/weights";

/** A piece of a text; a word of it may be said by the query, or suggested. */
export interface Piece {
  text: string;
  kind: "said" | "suggested" | null;
}

const WORD = /[\p{L}\p{N}]+/gu;
// What weighs less than this, as a part of the heaviest token, is hardly a reason.
const LEAST = 0.2;

const leastOf = (weights: Weights) => LEAST * Math.max(0, ...Object.values(weights));

/** A text with those words marked that a sparse query has, `weights` being the query's expansion. */
export function marked(text: string, query: string, weights: Weights): Piece[] {
  const said = wordsOf(query);
  const least = leastOf(weights);
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if ((weights[plain(word)] ?? 0) <= least) continue;
    if (index > end) pieces.push({ text: text.slice(end, index), kind: null });
    pieces.push({ text: word, kind: said.has(plain(word)) ? "said" : "suggested" });
    end = index + word.length;
  }
  return end < text.length ? [...pieces, { text: text.slice(end), kind: null }] : pieces;
}

/** The text from the sentence on in which most of the query's weight is. */
export function passage(text: string, weights: Weights): string {
  const sentences = [...text.matchAll(/\S.*?(?:[.!?…](?=\s)|$)/gsu)];
  const least = leastOf(weights);
  const worth = (sentence: string) =>
    [...wordsOf(sentence)]
      .map((word) => weights[word] ?? 0)
      .filter((weight) => weight > least)
      .reduce((sum, weight) => sum + weight, 0);
  let [best, most] = [0, 0];
  for (const { 0: sentence, index } of sentences) {
    const found = worth(sentence);
    if (found > most) [best, most] = [index, found];
  }
  return best > 0 ? `… ${text.slice(best)}` : text;
}
