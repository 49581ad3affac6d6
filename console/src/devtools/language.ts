import {
  foldService,
  HighlightStyle,
  StreamLanguage,
  type StringStream,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

interface State {
  inTriple: boolean;
  inComment: boolean;
}

/** Requests with JSON bodies, as far as colours need to know them. */
const console = StreamLanguage.define<State>({
  startState: () => ({ inTriple: false, inComment: false }),
  token: (stream, state) => {
    if (state.inTriple) return until(stream, '"""', () => (state.inTriple = false), "string");
    if (state.inComment) return until(stream, "*/", () => (state.inComment = false), "comment");
    if (stream.eatSpace()) return null;
    if (stream.sol() || /^\s*$/.test(stream.string.slice(0, stream.pos))) {
      if (stream.match(/^(GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS)(?=\s)/i)) return "keyword";
    }
    if (/^\s*(GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS)\s+$/i.test(stream.string.slice(0, stream.pos))) {
      if (stream.match(/^[^\s?]+/)) return "typeName";
    }
    return json(stream, state);
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["{", "[", '"'] } },
});

function json(stream: StringStream, state: State): string | null {
  if (stream.match(/^(#|\/\/).*/)) return "comment";
  if (stream.match("/*")) {
    state.inComment = true;
    return "comment";
  }
  if (stream.match('"""')) {
    state.inTriple = true;
    return "string";
  }
  if (stream.peek() === '"') return string(stream);
  if (stream.match(/^\$\{[\w-]+\}/)) return "variableName";
  if (stream.match(/^-?\d[\d.eE+-]*/)) return "number";
  if (stream.match(/^(true|false|null)\b/)) return "bool";
  if (stream.match(/^[{}[\]]/)) return "bracket";
  stream.next();
  return null;
}

/** A string to its end, or to that of its line; a loop, since patterns give up on megabytes. */
function string(stream: StringStream): string {
  const text = stream.string;
  let at = stream.pos + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  stream.pos = Math.min(at + 1, text.length);
  return stream.match(/^\s*:/, false) ? "propertyName" : "string";
}

function until(stream: StringStream, end: string, done: () => void, token: string): string {
  if (stream.skipTo(end)) {
    stream.match(end);
    done();
  } else stream.skipToEnd();
  return token;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--suggested)", fontWeight: "650" },
  { tag: tags.typeName, color: "var(--mantine-color-text)", fontWeight: "550" },
  { tag: tags.propertyName, color: "var(--said)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.bool, color: "var(--code-number)" },
  { tag: tags.variableName, color: "var(--suggested)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--mantine-color-dimmed)", fontStyle: "italic" },
  { tag: tags.bracket, color: "var(--mantine-color-dimmed)" },
]);

/** What is indented deeper than a line that opens a bracket folds away. */
const folding = foldService.of((state, from, to) => {
  const line = state.doc.lineAt(from);
  if (!/[{[]\s*$/.test(line.text)) return null;
  const depth = /^\s*/.exec(line.text)![0].length;
  for (let number = line.number + 1; number <= state.doc.lines; number++) {
    const next = state.doc.line(number);
    if (next.text.trim() && /^\s*/.exec(next.text)![0].length <= depth)
      return number > line.number + 1 ? { from: to, to: state.doc.line(number - 1).to } : null;
  }
  return null;
});

export const look = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--mantine-color-text)", padding: "12px 0" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--mantine-color-dimmed)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--said-soft) !important",
  },
  ".cm-request": { backgroundColor: "color-mix(in srgb, var(--said-soft) 32%, transparent)" },
  ".cm-problem": { textDecoration: "wavy underline var(--bad)", textUnderlineOffset: "3px" },
  ".cm-play": {
    marginLeft: "1ch",
    padding: "0 7px",
    border: "none",
    borderRadius: "5px",
    font: "inherit",
    fontSize: "11px",
    cursor: "pointer",
    background: "var(--said)",
    color: "var(--mantine-color-body)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--mantine-shadow-md)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", maxHeight: "18em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--said-soft)",
    color: "var(--mantine-color-text)",
  },
  ".cm-completionDetail": { color: "var(--mantine-color-dimmed)", fontStyle: "normal", marginLeft: "1.5em" },
  ".cm-completionInfo": { padding: "8px 12px", maxWidth: "320px", fontFamily: "var(--mantine-font-family)" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "inherit", borderColor: "var(--line)" },
  ".cm-foldPlaceholder": {
    background: "var(--sunken)",
    border: "1px solid var(--line)",
    color: "inherit",
    padding: "0 6px",
  },
  ".cm-searchMatch": { backgroundColor: "var(--suggested-soft)" },
  ".cm-matchingBracket": { backgroundColor: "var(--said-soft) !important", color: "inherit !important" },
});

export const consoleLanguage = [console, syntaxHighlighting(colours), folding];
