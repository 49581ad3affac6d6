import { next, type Token, Unreadable } from "./tokens";

/** Where in a body a cursor is. `path` has the names that lead there; a list is `[]`. */
export interface Place {
  path: string[];
  expects: "name" | "value";
  /** Names that the object has already. */
  taken: string[];
}

interface Level {
  open: "{" | "[";
  name: string | null;
  afterColon: boolean;
  taken: string[];
}

/** The place at the end of a beginning of a body; null if that is not inside of one. */
export function place(body: string): Place | null {
  const levels: Level[] = [];
  for (const token of tokens(body)) step(levels, token);
  const last = levels.at(-1);
  if (!last) return null;
  const path = levels.slice(0, -1).map((level) => (level.open === "[" ? "[]" : level.name!));
  if (last.open === "[") return { path: [...path, "[]"], expects: "value", taken: [] };
  if (last.afterColon) return { path: [...path, last.name!], expects: "value", taken: [] };
  return { path, expects: "name", taken: last.taken };
}

/** Pieces up to where the text can no longer be read, which is where somebody types. */
function* tokens(text: string): Generator<Token> {
  try {
    for (let token = next(text, 0); token; token = next(text, token.to)) if (token.kind !== "comment") yield token;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
}

function step(levels: Level[], { kind, text }: Token): void {
  const last = levels.at(-1);
  if (kind === "punctuation") {
    if (text === "{" || text === "[") levels.push({ open: text, name: null, afterColon: false, taken: [] });
    else if (text === "}" || text === "]") {
      levels.pop();
      const outer = levels.at(-1);
      if (outer) outer.afterColon = false;
    } else if (text === ":" && last) last.afterColon = true;
    else if (last) last.afterColon = false;
  } else if (kind === "string" && last?.open === "{" && !last.afterColon) {
    last.name = JSON.parse(text) as string;
    last.taken.push(last.name);
  } else if (last) last.afterColon = false;
}
