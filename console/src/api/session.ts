import { store } from "./store";

const KEY = "connote.api_key";

/** Whether the server lets us in: `refused` if it wants a key, or another one. */
export const access = store<"fine" | "refused">("fine");

/** Whether the server answers at all. */
export const presence = store<"here" | "away">("here");

/** The API key; it is forgotten with the tab. */
export function apiKey(): string | null {
  return sessionStorage.getItem(KEY);
}

export function setApiKey(key: string | null): void {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
  access.set("fine");
}
