import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { nonce } from "../nonce";
import { complete } from "./complete";
import { fromCurl } from "./curl";
import { consoleLanguage, look } from "./language";
import { marks } from "./marks";

export interface Actions {
  send: () => void;
  indent: () => void;
  reference: () => void;
}

interface Properties {
  text: string;
  change: (text: string) => void;
  actions: Actions;
  /** Gets the view when there is one. */
  take: (view: EditorView | null) => void;
}

/** Where requests are written. */
export function Editor({ text, change, actions, take }: Properties) {
  const parent = useRef<HTMLDivElement>(null);
  const latest = useRef({ change, actions, take, text });
  useEffect(() => {
    latest.current = { change, actions, take, text };
  });
  useEffect(() => {
    const press = (name: keyof Actions) => () => {
      latest.current.actions[name]();
      return true;
    };
    const view = new EditorView({
      parent: parent.current!,
      doc: latest.current.text,
      extensions: [
        keymap.of([
          { key: "Mod-Enter", run: press("send"), preventDefault: true },
          { key: "Mod-i", run: press("indent"), preventDefault: true },
          { key: "Mod-/", run: press("reference"), preventDefault: true },
        ]),
        common,
        history(),
        closeBrackets(),
        bracketMatching(),
        highlightSelectionMatches(),
        autocompletion({ override: [complete], icons: false }),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...searchKeymap,
          ...completionKeymap,
        ]),
        EditorView.domEventHandlers({ paste }),
        marks(() => latest.current.actions.send()),
        EditorView.contentAttributes.of({ "aria-label": "Requests" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) latest.current.change(update.state.doc.toString());
        }),
      ],
    });
    latest.current.take(view);
    return () => {
      latest.current.take(null);
      view.destroy();
    };
  }, []);
  return <div ref={parent} style={{ height: "100%", minHeight: 0 }} />;
}

const bare: Extension = [EditorView.cspNonce.of(nonce), lineNumbers(), drawSelection(), look];
const common: Extension = [bare, foldGutter(), EditorView.lineWrapping, consoleLanguage];

/** A command line of curl becomes the request that it sends. */
function paste(event: ClipboardEvent, view: EditorView): boolean {
  const request = fromCurl(event.clipboardData?.getData("text/plain") ?? "");
  if (request === null) return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(request));
  return true;
}

/** Text to read: only the lines in sight are drawn, however many there are. What is plain keeps its columns. */
export function Viewer({ text, label, isPlain = false }: { text: string; label: string; isPlain?: boolean }) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const shown = useRef(text);
  useEffect(() => {
    const made = new EditorView({
      parent: parent.current!,
      doc: shown.current,
      extensions: [
        isPlain ? bare : common,
        EditorState.readOnly.of(true),
        keymap.of([...defaultKeymap, ...foldKeymap, ...searchKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }),
      ],
    });
    view.current = made;
    return () => made.destroy();
  }, [label, isPlain]);
  useEffect(() => {
    if (shown.current === text) return;
    // What a stream adds is appended, so that the place to which one has scrolled stays.
    const isMore = text.startsWith(shown.current);
    const { length } = view.current!.state.doc;
    const changes = isMore
      ? { from: length, insert: text.slice(shown.current.length) }
      : { from: 0, to: length, insert: text };
    view.current!.dispatch({ changes });
    shown.current = text;
  }, [text]);
  return <div ref={parent} style={{ height: "100%", minHeight: 0 }} />;
}
