// Which expressions have a threshold that can be drawn.
import { expect, it } from 'vitest';
import { findComparison } from './threshold';

const CASES: [string, string | undefined, number?][] = [
  ['up == 0', 'up', 0],
  ['rate(errors[5m]) / rate(all[5m]) > 0.05', 'rate(errors[5m]) / rate(all[5m])', 0.05],
  ['(a + b) >= 1e3', 'a + b', 1000],
  ['a < bool 5', 'a', 5],
  ['a > -1', 'a', -1],
  ['3 < a', 'a', 3],
  ['time() - a > 24 * 3600', 'time() - a', 86_400],
  ['a > 1h30m', 'a', 5400],
  ['a > 80 / 100', 'a', 0.8],
  ['a{x=">5"} > 4', 'a{x=">5"}', 4],
  ['(a > 5 and b < 3)', 'a', 5],
  ['a > 5 unless on (x) b', 'a', 5],
  ['sum by (job) (a > 5)', undefined],
  ['a > b', undefined],
  ['android > 2', 'android', 2],
  ['absent(up)', undefined],
  ['a', undefined],
  ['(a) > (5)', 'a', 5],
];

it.each(CASES)('%s', (expr, shown, threshold) => {
  expect(findComparison(expr)).toEqual(
    shown === undefined ? undefined : { expr: shown, threshold },
  );
});
