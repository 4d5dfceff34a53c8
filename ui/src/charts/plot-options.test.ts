// The value axis and the data that uPlot gets.
import { expect, it } from 'vitest';
import { type Plot, plotData, valueRange } from './plot-options';

const plot: Plot = {
  lines: [],
  unit: 'short',
  scheme: 'light',
  isStacked: false,
  syncKey: 's',
  hasFocus: false,
};

it.each<[string, Partial<Plot>, number | null, number | null, [number, number]]>([
  ['shows zero', {}, 50, 100, [0, 108]],
  ['shows zero above negative values', {}, -100, -50, [-108, 0]],
  ['opens when all is zero', {}, 0, 0, [0, 1]],
  ['opens without data', {}, null, null, [0, 1]],
  ['keeps fixed ends', { min: 0, max: 1 }, 0.2, 0.3, [0, 1]],
  ['fits far values', { fitsData: true }, 1000, 1100, [992, 1108]],
  ['fits with zero when it is near', { fitsData: true }, 10, 100, [0, 108]],
  ['reaches its threshold', { threshold: 200 }, 50, 100, [0, 216]],
  ['reaches its threshold without data', { threshold: -1 }, null, null, [-1.08, 0]],
  ['fits a flat line', { fitsData: true }, 100, 100, [92, 108]],
])('%s', (_, options, low, high, range) => {
  expect(valueRange({ ...plot, ...options }, low, high)).toEqual(range);
});

it('puts overlays after the stack and leaves them as they are', () => {
  const lines = [
    { id: 'total', label: '', colour: 0, values: [9], isOverlay: true },
    { id: 'a', label: '', colour: 1, values: [1] },
    { id: 'b', label: '', colour: 2, values: [2] },
  ];
  expect(plotData([0], lines, true)).toEqual([[0], [1], [3], [9]]);
  expect(plotData([0], lines, false)).toEqual([[0], [9], [1], [2]]);
});
