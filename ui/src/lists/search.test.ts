// The text filter: what is a word, and what it matches.
import { expect, it } from 'vitest';
import { labelText, matchesTerms, parseTerms, toggleTerm } from './search';

const TEXT = `http://web:9100 ${labelText({ job: 'node', zone: 'a b' })}`;

it.each([
  ['', true],
  ['web', true],
  ['WEB node', true],
  ['web db', false],
  ['zone="a b"', true],
  ['zone="a', true],
  ['zone="b"', false],
  ['-db', true],
  ['-zone="a b"', false],
  ['-', true],
])('%s', (search, isMatch) => {
  expect(matchesTerms(TEXT, parseTerms(search))).toBe(isMatch);
});

it('adds a label to the filter and takes it away again', () => {
  const once = toggleTerm('web', 'zone="a b"');
  expect(once).toBe('web zone="a b"');
  expect(toggleTerm(once, 'zone="a b"')).toBe('web');
});
