import { client } from "../api/queries";
import { store, useStore } from "../api/store";
import { type Result, run } from "./run";
import type { Prepared } from "./variables";

interface Runs {
  results: Result[];
  isRunning: boolean;
}

// Not the page's: what was sent goes on, and can be seen and stopped, when one comes back to it.
const runs = store<Runs>({ results: [], isRunning: false });
let stopping: AbortController | null = null;

export const useRuns = (): Runs => useStore(runs);

/** Send requests one after the other; those of before are stopped. */
export async function runAll(all: Prepared[]): Promise<void> {
  stop();
  const controller = new AbortController();
  stopping = controller;
  runs.set({ results: [], isRunning: true });
  const tell = (result: Result) => {
    if (stopping !== controller) return;
    const others = runs.get().results.filter((each) => each.id !== result.id);
    runs.set({ results: [...others, result], isRunning: true });
  };
  for (const each of all) if (!controller.signal.aborted) await run(each, tell, controller.signal);
  if (stopping !== controller) return;
  runs.set({ ...runs.get(), isRunning: false });
  void client.invalidateQueries(); // what was sent may have changed anything
}

export function stop(): void {
  stopping?.abort();
}
