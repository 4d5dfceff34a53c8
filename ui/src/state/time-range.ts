// The range of time on show: how it is written in an address, resolved to a window and moved.
import { formatDuration, parseDuration } from './duration';
import { parseInstant } from './instant';

export type TimeRange =
  | { kind: 'relative'; span: number }
  | { kind: 'absolute'; from: number; to: number };

/** What a range query is asked for, in milliseconds; its ends are whole steps apart. */
export interface Window {
  from: number;
  to: number;
  step: number;
}

export const RELATIVE_SPANS = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;

/** Steps that people recognise; between them charts would show odd times. */
const ROUND_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1000);

/**
 * Windows end on multiples of their step, so that a refresh does not move every point of a curve; but
 * never more than this before the present, or a long range would leave out what has just begun.
 */
const COARSEST_GRID = 60_000;

/** Points per chart: enough for a smooth line, few enough to ask for every five seconds. */
const POINTS = 240;

export function relativeRange(text: string): TimeRange {
  return { kind: 'relative', span: parseDuration(text) ?? 900_000 };
}

/** Reads `from` and `to`, else `range`; what is missing or wrong becomes the fallback. */
export function readTimeRange(params: URLSearchParams, fallback: TimeRange): TimeRange {
  const from = parseInstant(params.get('from') ?? '');
  const to = parseInstant(params.get('to') ?? '');
  if (from !== undefined && to !== undefined && from < to) return { kind: 'absolute', from, to };
  const span = parseDuration(params.get('range') ?? '');
  return span === undefined ? fallback : { kind: 'relative', span };
}

export function writeTimeRange(range: TimeRange, params: URLSearchParams): void {
  for (const name of ['from', 'to', 'range']) params.delete(name);
  if (range.kind === 'relative') {
    params.set('range', spanName(range.span));
    return;
  }
  params.set('from', new Date(range.from).toISOString());
  params.set('to', new Date(range.to).toISOString());
}

/** A span as the picker names it: a day is 24h there, seven of them 7d. */
export function spanName(span: number): string {
  return span === 86_400_000 ? '24h' : formatDuration(span);
}

/** The window of a range at an instant. `interval` is how often samples arrive. */
export function resolveWindow(range: TimeRange, now: number, interval: number): Window {
  const span = range.kind === 'relative' ? range.span : range.to - range.from;
  const end = range.kind === 'relative' ? now : range.to;
  const step = roundStep(span, interval);
  const grid = Math.min(step, COARSEST_GRID);
  const to = Math.floor(end / grid) * grid;
  return { from: to - Math.max(step, Math.round(span / step) * step), to, step };
}

/** The smallest round step that is no finer than the samples and gives no more than `POINTS`. */
export function roundStep(span: number, interval: number): number {
  const least = Math.max(interval, span / POINTS);
  const round = ROUND_STEPS.find((step) => step >= least);
  return round ?? Math.ceil(least / 86_400_000) * 86_400_000;
}

/** A `rate` window that always holds two samples, also right after the first ones and between steps. */
export function rateWindow(step: number, interval: number): number {
  return Math.max(4 * interval, step + interval);
}

/** Moves by half a span; a range that ended now is pinned first. */
export function shiftRange(range: TimeRange, direction: -1 | 1, now: number): TimeRange {
  const { from, to } = bounds(range, now);
  const half = ((to - from) / 2) * direction;
  return { kind: 'absolute', from: from + half, to: to + half };
}

/** Twice the span around the same middle, or ending now when the range does. */
export function widenRange(range: TimeRange): TimeRange {
  if (range.kind === 'relative') return { kind: 'relative', span: range.span * 2 };
  const half = (range.to - range.from) / 2;
  return { kind: 'absolute', from: range.from - half, to: range.to + half };
}

export function bounds(range: TimeRange, now: number): { from: number; to: number } {
  return range.kind === 'relative' ? { from: now - range.span, to: now } : range;
}
