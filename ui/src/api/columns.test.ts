// Matrices laid on the grid of their window.
import { expect, it } from 'vitest';
import type { RangeSeries } from './answer';
import { toColumns, windowTimes } from './columns';

const window = { from: 10_000, to: 30_000, step: 5_000 };

it('has one time per step with both ends', () => {
  expect(windowTimes(window)).toEqual([10, 15, 20, 25, 30]);
});

it('leaves null where a series has no sample or none that can be drawn', () => {
  const matrix: RangeSeries[] = [
    {
      metric: { a: '1' },
      values: [
        [10, '1.5'],
        [20, 'NaN'],
        [25, '-3'],
        [30, '+Inf'],
      ],
    },
    { metric: {} },
  ];
  expect(toColumns(matrix, window)).toEqual([
    { labels: { a: '1' }, values: [1.5, null, null, -3, null] },
    { labels: {}, values: [null, null, null, null, null] },
  ]);
});

it('drops samples outside the window', () => {
  const matrix = [
    {
      metric: {},
      values: [
        [5, '1'],
        [35, '2'],
      ] as [number, string][],
    },
  ];
  expect(toColumns(matrix, window)[0]?.values).toEqual([null, null, null, null, null]);
});
