import { type EditorState, type Extension, RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { type Part, parse, type Request } from "./parse";

/** The parts of a document; they are read anew when it changes. */
export const parts = StateField.define<Part[]>({
  create: (state) => parse(state.doc.toString()),
  update: (value, transaction) => (transaction.docChanged ? parse(transaction.newDoc.toString()) : value),
});

/** Whether these lines are comments and nothing else, so that they speak of what follows. */
const isComment = (text: string) => /^([ \t]*(#|\/\/)[^\n]*\n)+$/.test(text);

/** The requests that are selected; without a selection that at the cursor, or under its comment, or the last before it. */
export function chosen(state: EditorState): Request[] {
  const all = state.field(parts).filter((part) => part.kind === "request");
  const { from, to, empty } = state.selection.main;
  if (!empty) return all.filter((each) => each.from < to && each.to > from);
  const line = state.doc.lineAt(from);
  const at = all.findLast((each) => each.from <= line.to);
  const next = all.find((each) => each.from > line.to);
  const isAbove = next && (!at || at.to < line.from) && isComment(state.sliceDoc(line.from, next.from));
  return isAbove ? [next] : at ? [at] : all.slice(0, 1);
}

class Play extends WidgetType {
  readonly send: () => void;

  constructor(send: () => void) {
    super();
    this.send = send;
  }

  override eq() {
    return true;
  }

  toDOM() {
    const button = document.createElement("button");
    button.className = "cm-play";
    button.textContent = "▶ Send";
    button.setAttribute("aria-label", "Send this request");
    button.onmousedown = (event) => event.preventDefault(); // the selection stays
    button.onclick = this.send;
    return button;
  }
}

/** Shows which request is sent next, with a button for it, and what cannot be read. */
export function marks(send: () => void): Extension {
  const button = Decoration.widget({ widget: new Play(send), side: 1 });
  const line = Decoration.line({ class: "cm-request" });
  const draw = (state: EditorState): DecorationSet => {
    const builder = new RangeSetBuilder<Decoration>();
    const ranges: [number, number, Decoration][] = [];
    const active = chosen(state);
    for (const request of active) {
      for (let at = request.from; at <= request.to; at = state.doc.lineAt(at).to + 1) {
        const start = state.doc.lineAt(at).from;
        ranges.push([start, start, line]);
      }
    }
    if (active[0]) ranges.push([state.doc.lineAt(active[0].from).to, state.doc.lineAt(active[0].from).to, button]);
    for (const { problem } of state.field(parts))
      if (problem && problem.to > problem.from)
        ranges.push([
          problem.from,
          problem.to,
          Decoration.mark({ class: "cm-problem", attributes: { title: problem.message } }),
        ]);
    ranges.sort(([one, , a], [other, , b]) => one - other || a.startSide - b.startSide);
    for (const range of ranges) builder.add(...range);
    return builder.finish();
  };
  const field = StateField.define<DecorationSet>({
    create: draw,
    update: (value, transaction) => (transaction.docChanged || transaction.selection ? draw(transaction.state) : value),
    provide: (self) => EditorView.decorations.from(self),
  });
  return [parts, field];
}
