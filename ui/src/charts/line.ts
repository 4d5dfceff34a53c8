// What a chart draws: framework-free description of one line.

export interface Line {
  /** Unique in its chart and stable over refreshes, so that hiding a line outlives them. */
  id: string;
  label: string;
  /** Index into the palette. */
  colour: number;
  values: (number | null)[];
  isDashed?: boolean;
  /** Drawn below zero though its values are not negative, such as what was sent beside what was received. */
  isMirrored?: boolean;
  /** Drawn over a stack without being part of it, such as the total. */
  isOverlay?: boolean;
}

/** The value of a line at a step, or the last one it has. */
export function valueAt(line: Line, at: number | null): number | null {
  if (at !== null) return line.values[at] ?? null;
  return line.values.findLast((value) => value !== null) ?? null;
}

/** True when the line never leaves zero: a device that exists and does nothing. */
export function isAtZero(line: Line): boolean {
  return line.values.every((value) => value === null || value === 0);
}
