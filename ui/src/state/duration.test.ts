// Durations in Prometheus' grammar, both ways.
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration';

describe('parseDuration', () => {
  it.each([
    ['5s', 5_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['250ms', 250],
    [' 1h ', 3_600_000],
    ['14', 14_000],
    ['0.5', 500],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '0s', '0', 'h', '1x', '30m1h', '-5m', '1h 30m', '1.5h'])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [5_000, '5s'],
    [5_400_000, '1h30m'],
    [604_800_000, '7d'],
    [250, '250ms'],
    [0, '0s'],
  ])('writes %d', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('is read back unchanged', () => {
    for (const value of [1, 999, 61_000, 90_061_001]) {
      expect(parseDuration(formatDuration(value))).toBe(value);
    }
  });
});
