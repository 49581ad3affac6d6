import { useCallback, useRef, useState } from "react";
import { client } from "../api/queries";
import { type Result, run } from "./run";
import type { Prepared } from "./variables";

/** Sends requests one after the other, and holds their results. */
export function useRuns() {
  const [results, setResults] = useState<Result[]>([]);
  const [isRunning, setRunning] = useState(false);
  const stopping = useRef<AbortController>(null);
  const runAll = useCallback(async (all: Prepared[]) => {
    stopping.current?.abort();
    const controller = new AbortController();
    stopping.current = controller;
    setResults([]);
    setRunning(true);
    const tell = (result: Result) => {
      if (stopping.current !== controller) return;
      setResults((before) => [...before.filter((each) => each.id !== result.id), result]);
    };
    for (const each of all) if (!controller.signal.aborted) await run(each, tell, controller.signal);
    if (stopping.current !== controller) return;
    setRunning(false);
    void client.invalidateQueries(); // what was sent may have changed anything
  }, []);
  const stop = useCallback(() => stopping.current?.abort(), []);
  return { results, runAll, stop, isRunning };
}
