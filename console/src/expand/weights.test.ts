import { expect, test } from "vitest";
import { meetings, terms, total, vectorsIn } from "./weights";

test("words of the text are told from those that are suggested, heaviest first", () => {
  expect(terms({ calm: 1, sea: 2.5, quiet: 2 }, "A quiet SEA")).toEqual([
    { token: "sea", weight: 2.5, isSaid: true },
    { token: "quiet", weight: 2, isSaid: true },
    { token: "calm", weight: 1, isSaid: false },
  ]);
});

test("pieces of a word are said, and a piece of another word is not", () => {
  const said = Object.fromEntries(
    terms({ splade: 1, "##s": 1, "##house": 1, café: 1, cafe: 1 }, "Splades, Café").map((each) => [
      each.token,
      each.isSaid,
    ]),
  );
  expect(said).toMatchObject({ splade: true, "##s": true, "##house": false, cafe: true });
});

test("where two texts meet, each token adds the product of its weights", () => {
  const met = meetings({ house: 2, home: 1, sea: 1 }, { home: 3, house: 0.5, boat: 1 }, ["house sea", "home boat"]);
  expect(met).toEqual([
    { token: "home", weights: [1, 3], score: 3, said: [false, true], isLiteral: false },
    { token: "house", weights: [2, 0.5], score: 1, said: [true, false], isLiteral: false },
  ]);
  expect(total(met)).toBe(4);
  expect(meetings({ sea: 1 }, { sea: 1 }, ["the sea", "a sea"])[0]!.isLiteral).toBe(true);
});

test("vectors are found in answers that have them", () => {
  expect(vectorsIn('{"sparse_embedding": [{"embedding": {"a": 1}}]}')).toEqual([{ a: 1 }]);
  expect(vectorsIn('{"error": "no sparse_embedding"}')).toEqual([]);
  expect(vectorsIn('{"sparse_embedding"')).toEqual([]);
});
