import { useCallback, useState } from "react";

/** A value of this browser, kept under a name; what is kept and cannot be read is the initial value. */
export function read<T>(name: string, initial: T): T {
  try {
    const kept = localStorage.getItem(`connote.${name}`);
    return kept === null ? initial : (JSON.parse(kept) as T);
  } catch {
    return initial;
  }
}

/** Keep a value; where there is no room left it is only not kept. */
export function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(`connote.${name}`, JSON.stringify(value));
  } catch {
    // A full or forbidden storage is no reason to stop.
  }
}

export function useStored<T>(name: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => read(name, initial));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      write(name, next);
    },
    [name],
  );
  return [value, set];
}
