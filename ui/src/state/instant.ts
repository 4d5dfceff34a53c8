// Points in time as they are written: in links, in date inputs and for people.

/** Milliseconds since 1970 from ISO text, `YYYY-MM-DD HH:mm[:ss]` in UTC, or epoch seconds or milliseconds. */
export function parseInstant(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return fromEpoch(Number(trimmed));
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/.exec(
      trimmed,
    );
  if (!match) return undefined;
  const time = Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`);
  return Number.isNaN(time) ? undefined : time;
}

/** `YYYY-MM-DD HH:mm:ss` in UTC, the form of Prometheus' links. */
export function formatLinkInstant(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** The value of a `datetime-local` input, in the reader's time zone. */
export function formatInputInstant(time: number): string {
  const date = new Date(time);
  return `${localDate(date)}T${localTime(date)}`;
}

/** The inverse of `formatInputInstant`. */
export function parseInputInstant(text: string): number | undefined {
  const time = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(time) ? undefined : time;
}

/** What a person types for a moment: the form of `formatInstant`, the seconds or the time left out. */
export function parseLocalInstant(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2})?))?$/.exec(text.trim());
  if (!match) return undefined;
  return parseInputInstant(`${match[1]}T${(match[2] ?? '00:00').padStart(5, '0')}`);
}

/** A full local date and time for people. */
export function formatInstant(time: number): string {
  const date = new Date(time);
  return `${localDate(date)} ${localTime(date)}`;
}

/** An interval for people; the date is said once when both ends share it. */
export function formatInterval(from: number, to: number): string {
  const [start, end] = [new Date(from), new Date(to)];
  const isSameDay = localDate(start) === localDate(end);
  return `${formatInstant(from)} – ${isSameDay ? localTime(end) : formatInstant(to)}`;
}

export function localTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

export function localDate(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** Larger than any second count before the year 5138, smaller than any millisecond count after 1973. */
const MILLISECONDS_FROM = 1e11;

function fromEpoch(value: number): number {
  return value >= MILLISECONDS_FROM ? value : value * 1000;
}
