// Limits: which there are, and when one is near.
import { expect, it } from 'vitest';
import { POOL, TARGET as target } from './targets-fixture';
import { isNearLimit, poolUsage, targetUsages } from './usage';

it('tells the limits that there are', () => {
  expect(targetUsages(target, POOL).map(({ name, text }) => `${name}: ${text}`)).toEqual([
    'samples: 500 of 1,000',
    'time: 12.3 ms of 10 s',
  ]);
  expect(poolUsage(POOL)).toBeUndefined();
  expect(poolUsage({ ...POOL, targetLimit: 4 })?.share).toBe(0.5);
});

it('warns from four fifths on', () => {
  expect(isNearLimit(target, POOL)).toBe(false);
  expect(isNearLimit({ ...target, samplesKept: 800 }, POOL)).toBe(true);
  expect(isNearLimit({ ...target, lastScrapeDuration: 9.5 }, POOL)).toBe(true);
});
