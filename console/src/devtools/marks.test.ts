import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { chosen, parts } from "./marks";

const TEXT = "# first\nGET a\n{}\n\n# second,\n// in two lines\nGET b\n\n\nGET c\n";

test.each([
  ["# first", "a"],
  ["GET a", "a"],
  ["{}", "a"],
  ["\n\n# second", "a"],
  ["# second", "b"],
  ["// in", "b"],
  ["GET b", "b"],
  ["\nGET c", "b"],
  ["GET c", "c"],
])("at %j the request is the one that it speaks of, or the last before it", (before, path) => {
  const state = EditorState.create({ doc: TEXT, selection: { anchor: TEXT.indexOf(before) }, extensions: [parts] });
  expect(chosen(state).map((each) => each.path)).toEqual([path]);
});
