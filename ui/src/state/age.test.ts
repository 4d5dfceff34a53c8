// Ages as people read them.
import { expect, it } from 'vitest';
import { formatAge, readInstant } from './age';

it('knows what has never been', () => {
  expect(readInstant('0001-01-01T00:00:00Z')).toBeUndefined();
  expect(readInstant(undefined)).toBeUndefined();
  expect(readInstant('1970-01-01T00:00:01.500Z')).toBe(1500);
});

it.each([
  [undefined, 'never'],
  [99_800, 'just now'],
  [97_000, '3 s ago'],
  [100_000 - 3_700_000, '1 h 1 min ago'],
])('%s is %s', (time, text) => {
  expect(formatAge(time, 100_000)).toBe(text);
});
