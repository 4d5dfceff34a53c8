// Differences of label sets.
import { expect, it } from 'vitest';
import { labelChanges } from './label-changes';

it('lists what was added, changed and removed', () => {
  expect(labelChanges({ a: '1', b: '2', c: '3' }, { b: '2', c: '4', d: '5' })).toEqual([
    { name: 'a', before: '1', after: undefined },
    { name: 'c', before: '3', after: '4' },
    { name: 'd', before: undefined, after: '5' },
  ]);
});
