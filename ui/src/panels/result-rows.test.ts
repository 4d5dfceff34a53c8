// Answers of every type as rows.
import { expect, it } from 'vitest';
import { formatInstant } from '../state/instant';
import { resultKind, resultRows } from './result-rows';

it('has one row per series of an instant vector', () => {
  const histogram = { count: '3', sum: '4.5', buckets: [] };
  expect(
    resultRows({
      resultType: 'vector',
      result: [
        { metric: { a: '1' }, value: [0, 'NaN'] },
        { metric: { a: '2' }, histogram: [0, histogram] },
      ],
    }),
  ).toEqual([
    { labels: { a: '1' }, value: 'NaN' },
    { labels: { a: '2' }, value: 'count 3, sum 4.5, 0 buckets' },
  ]);
});

it('writes every sample of a range vector on its line', () => {
  const rows = resultRows({
    resultType: 'matrix',
    result: [
      {
        metric: {},
        values: [
          [1, '10'],
          [2, '20'],
        ],
      },
    ],
  });
  expect(rows).toEqual([
    { labels: {}, value: `10  @ ${formatInstant(1000)}\n20  @ ${formatInstant(2000)}` },
  ]);
});

it('has one row without labels for a scalar and a string', () => {
  const result: [number, string] = [0, '42'];
  expect(resultRows({ resultType: 'scalar', result })).toEqual([
    { labels: undefined, value: '42' },
  ]);
  expect(resultKind({ resultType: 'string', result })).toBe('string');
});
