import { expect, test } from "vitest";
import { marked, passage } from "./passage";

const WEIGHTS = { dogs: 2, pet: 2.2, friendly: 2.4, and: 0.3, vet: 0.9 };

test("words that the query says are told from those that it suggests, and light ones are left alone", () => {
  const pieces = marked("A pet and Dogs, near the vét.", "pet friendly", WEIGHTS);
  expect(pieces.map((each) => each.text).join("")).toBe("A pet and Dogs, near the vét.");
  expect(pieces.filter((each) => each.kind)).toEqual([
    { text: "pet", kind: "said" },
    { text: "Dogs", kind: "suggested" },
    { text: "vét", kind: "suggested" },
  ]);
  expect(marked("Nothing of it", "pet", WEIGHTS)).toEqual([{ text: "Nothing of it", kind: null }]);
  expect(marked("", "pet", {})).toEqual([]);
});

test("a text begins with the sentence that has most of the query", () => {
  const text =
    "This cottage stands near the vet. It has two rooms.\nDogs have the run of the orchard, pet lovers! Yes.";
  expect(passage(text, WEIGHTS)).toBe("… Dogs have the run of the orchard, pet lovers! Yes.");
  expect(passage(text, {})).toBe(text);
  expect(passage("", WEIGHTS)).toBe("");
});
