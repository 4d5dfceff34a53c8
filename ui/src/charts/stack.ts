// Stacking: each line's values on top of the sum of those before it.

/** A step where no line has a sample stays a gap; a single missing line counts as zero. */
export function stack(columns: (number | null)[][]): (number | null)[][] {
  const length = columns[0]?.length ?? 0;
  const sums = new Array<number | null>(length).fill(null);
  for (let at = 0; at < length; at += 1) {
    if (columns.some((column) => column[at] != null)) sums[at] = 0;
  }
  return columns.map((column) => {
    for (let at = 0; at < length; at += 1) {
      const sum = sums[at];
      if (sum != null) sums[at] = sum + (column[at] ?? 0);
    }
    return [...sums];
  });
}
