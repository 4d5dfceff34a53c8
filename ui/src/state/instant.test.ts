// Points in time, read from links and inputs and written back.
import { describe, expect, it } from 'vitest';
import {
  formatInputInstant,
  formatInterval,
  formatLinkInstant,
  parseInputInstant,
  parseInstant,
  parseLocalInstant,
} from './instant';

const noon = Date.UTC(2026, 2, 1, 12, 0, 5);

describe('parseInstant', () => {
  it.each([
    ['2026-03-01 12:00:05', noon],
    ['2026-03-01T12:00:05Z', noon],
    ['2026-03-01T13:00:05+01:00', noon],
    ['2026-03-01 12:00', noon - 5_000],
    ['2026-03-01', noon - 43_205_000],
    [String(noon / 1000), noon],
    [String(noon), noon],
  ])('reads %s', (text, time) => {
    expect(parseInstant(text)).toBe(time);
  });

  it.each(['', 'now', '2026-13-01', 'yesterday', '12:00'])('refuses "%s"', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

it('writes the form of Prometheus links', () => {
  expect(formatLinkInstant(noon)).toBe('2026-03-01 12:00:05');
  expect(parseInstant(formatLinkInstant(noon))).toBe(noon);
});

it('gives date inputs local time and reads it back', () => {
  expect(parseInputInstant(formatInputInstant(noon))).toBe(noon);
  expect(parseInputInstant('')).toBeUndefined();
});

it('says the date of an interval once', () => {
  const start = new Date(2026, 2, 1, 10, 0, 0).getTime();
  expect(formatInterval(start, start + 60_000)).toBe('2026-03-01 10:00:00 – 10:01:00');
  expect(formatInterval(start, start + 86_400_000)).toBe(
    '2026-03-01 10:00:00 – 2026-03-02 10:00:00',
  );
});

it('reads moments as people type them, in their own time zone', () => {
  const local = (...parts: [number, number, number, number?, number?, number?]) =>
    new Date(...parts).getTime();
  expect(parseLocalInstant('2026-03-01 9:30')).toBe(local(2026, 2, 1, 9, 30));
  expect(parseLocalInstant(' 2026-03-01 09:30:15 ')).toBe(local(2026, 2, 1, 9, 30, 15));
  expect(parseLocalInstant('2026-03-01')).toBe(local(2026, 2, 1));
  for (const text of ['', 'now', '2026-03', '2026-03-01 25:00', '01.03.2026']) {
    expect(parseLocalInstant(text)).toBeUndefined();
  }
});
