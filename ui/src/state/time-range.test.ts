// Time ranges: addresses, windows, steps and moves.
import { describe, expect, it } from 'vitest';
import {
  rateWindow,
  readTimeRange,
  relativeRange,
  resolveWindow,
  roundStep,
  shiftRange,
  spanName,
  type TimeRange,
  widenRange,
  writeTimeRange,
} from './time-range';

const fallback = relativeRange('15m');
const noon = Date.UTC(2026, 2, 1, 12);

describe('readTimeRange', () => {
  it.each<[string, TimeRange]>([
    ['range=1h', { kind: 'relative', span: 3_600_000 }],
    ['', fallback],
    ['range=soon', fallback],
    [
      'from=2026-03-01T11:00:00Z&to=2026-03-01T12:00:00Z',
      { kind: 'absolute', from: noon - 3_600_000, to: noon },
    ],
    ['from=2026-03-01T12:00:00Z&to=2026-03-01T11:00:00Z', fallback],
    ['from=2026-03-01T12:00:00Z&range=6h', { kind: 'relative', span: 21_600_000 }],
  ])('reads "%s"', (search, range) => {
    expect(readTimeRange(new URLSearchParams(search), fallback)).toEqual(range);
  });

  it.each<TimeRange>([relativeRange('7d'), { kind: 'absolute', from: noon - 1234, to: noon }])(
    'is the inverse of writing',
    (range) => {
      const params = new URLSearchParams('from=1&to=2&range=3s&refresh=5s');
      writeTimeRange(range, params);
      expect(readTimeRange(params, fallback)).toEqual(range);
      expect(params.get('refresh')).toBe('5s');
    },
  );
});

describe('resolveWindow', () => {
  it('aligns both ends to the step, so that a refresh moves by whole steps', () => {
    const window = resolveWindow(fallback, noon + 3_700, 5_000);
    expect(window).toEqual({ from: noon - 900_000, to: noon, step: 5_000 });
  });

  it('ends within a minute of the present however long the step is', () => {
    const { to, step } = resolveWindow(relativeRange('7d'), noon + 1_834_000, 5_000);
    expect([to - noon, step]).toEqual([1_800_000, 3_600_000]);
  });

  it('keeps the span of an absolute range', () => {
    const range: TimeRange = { kind: 'absolute', from: noon - 86_400_000, to: noon };
    expect(resolveWindow(range, 0, 5_000)).toEqual({
      from: noon - 86_400_000,
      to: noon,
      step: 600_000,
    });
  });

  it('never gives an empty window', () => {
    const { from, to } = resolveWindow({ kind: 'absolute', from: noon, to: noon + 1 }, 0, 5_000);
    expect(to - from).toBe(5_000);
  });
});

describe('roundStep', () => {
  it.each([
    [300_000, 5_000, 5_000],
    [900_000, 5_000, 5_000],
    [3_600_000, 5_000, 15_000],
    [604_800_000, 5_000, 3_600_000],
    [300_000, 60_000, 60_000],
    [315_360_000_000, 5_000, 16 * 86_400_000],
  ])('span %d, interval %d: %d', (span, interval, step) => {
    expect(roundStep(span, interval)).toBe(step);
  });
});

it('holds two samples in every rate window', () => {
  expect(rateWindow(5_000, 5_000)).toBe(20_000);
  expect(rateWindow(300_000, 15_000)).toBe(315_000);
});

it('names spans as the picker does', () => {
  expect([86_400_000, 604_800_000, 5_400_000].map(spanName)).toEqual(['24h', '7d', '1h30m']);
});

it('shifts by half and widens to twice the span', () => {
  expect(shiftRange(fallback, -1, noon)).toEqual({
    kind: 'absolute',
    from: noon - 1_350_000,
    to: noon - 450_000,
  });
  expect(widenRange(fallback)).toEqual(relativeRange('30m'));
  expect(widenRange({ kind: 'absolute', from: 100, to: 200 })).toEqual({
    kind: 'absolute',
    from: 50,
    to: 250,
  });
});
