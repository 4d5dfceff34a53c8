// Label sets as text, in Prometheus' notation.
import type { Labels } from './answer';

export const NAME_LABEL = '__name__';

/** `name{a="1", b="2"}`: the text that selects exactly this series. */
export function formatSeries(labels: Labels): string {
  const name = labels[NAME_LABEL] ?? '';
  const pairs = labelPairs(labels).map(([label, value]) => `${label}=${quote(value)}`);
  if (pairs.length === 0) return name === '' ? '{}' : name;
  return `${name}{${pairs.join(', ')}}`;
}

/** Every label but the name, in order of the label name. */
export function labelPairs(labels: Labels): [string, string][] {
  return Object.entries(labels)
    .filter(([label]) => label !== NAME_LABEL)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

export function quote(value: string): string {
  return JSON.stringify(value);
}
