const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A count, short: 1.2K. */
export const count = (value: number): string => compact.format(value);

/** A duration that is given in milliseconds. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
}

/** A size that is given in bytes, in decimal units. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  const value = size / 1_000 ** power;
  return `${value.toFixed(power && value < 10 ? 1 : 0)} ${units[power]}`;
}

/** A share as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;

/** `sparse_embedding` as people say it. */
export const spoken = (name: string): string => name.replaceAll("_", " ");
