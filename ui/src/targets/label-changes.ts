// What a step has changed in a label set.
import type { Labels } from '../api/answer';

export interface LabelChange {
  name: string;
  before: string | undefined;
  after: string | undefined;
}

/** In order of the names; what stays the same is left out. */
export function labelChanges(before: Labels, after: Labels): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .map((name) => ({ name, before: before[name], after: after[name] }))
    .filter((change) => change.before !== change.after);
}
