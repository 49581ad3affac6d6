import { read, write } from "../components/stored";
import { START } from "./examples";
import { withoutSecrets } from "./secret";

const NAME = "devtools";
// As long as the tab lives the text is as it was written; what is kept for longer is without secrets.
let written: string | null = null;

/** What was written last. */
export const text = (): string => written ?? read(NAME, START);

export function keep(text: string): void {
  written = text;
  write(NAME, withoutSecrets(text));
}
