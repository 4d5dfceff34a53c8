// Label sets as text.
import { expect, it } from 'vitest';
import { formatSeries } from './labels';

it.each([
  [{ __name__: 'up', job: 'node', instance: 'a:1' }, 'up{instance="a:1", job="node"}'],
  [{ __name__: 'up' }, 'up'],
  [{ path: 'C:\\"x"' }, '{path="C:\\\\\\"x\\""}'],
  [{}, '{}'],
])('%o', (labels, text) => {
  expect(formatSeries(labels as Record<string, string>)).toBe(text);
});
