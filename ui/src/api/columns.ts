// A matrix laid on the grid of its window: one array of times, one column of values per series.
import type { Window } from '../state/time-range';
import type { Labels, RangeSeries } from './answer';

export interface Column {
  labels: Labels;
  /** `null` where the series has no sample; a chart leaves a gap there. */
  values: (number | null)[];
}

/** Seconds since 1970 of every step in the window, both ends included. */
export function windowTimes(window: Window): number[] {
  const count = Math.round((window.to - window.from) / window.step) + 1;
  return Array.from({ length: count }, (_, at) => (window.from + at * window.step) / 1000);
}

export function toColumns(matrix: RangeSeries[], window: Window): Column[] {
  const count = Math.round((window.to - window.from) / window.step) + 1;
  return matrix.map((series) => ({ labels: series.metric, values: column(series, window, count) }));
}

function column(series: RangeSeries, window: Window, count: number): (number | null)[] {
  const values = new Array<number | null>(count).fill(null);
  for (const [time, text] of series.values ?? []) {
    const at = Math.round((time * 1000 - window.from) / window.step);
    if (at >= 0 && at < count) values[at] = parseValue(text);
  }
  return values;
}

/** Not a number and the infinities have no place on an axis, so they are gaps. */
function parseValue(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
