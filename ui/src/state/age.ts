// How long ago something was.
import { formatValue } from '../charts/units';

/** Milliseconds since 1970, or undefined for what has never been. */
export function readInstant(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  // Go's zero time stands for never.
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

export function formatAge(time: number | undefined, now: number): string {
  if (time === undefined) return 'never';
  const seconds = Math.round((now - time) / 1000);
  return seconds < 1 ? 'just now' : `${formatValue(seconds, 'seconds')} ago`;
}
