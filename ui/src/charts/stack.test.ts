// Stacking and the gaps in it.
import { expect, it } from 'vitest';
import { stack } from './stack';

it('adds each line to those before it', () => {
  expect(
    stack([
      [1, 2],
      [10, 20],
      [100, 200],
    ]),
  ).toEqual([
    [1, 2],
    [11, 22],
    [111, 222],
  ]);
});

it('keeps a gap that all lines share and fills one that they do not', () => {
  expect(
    stack([
      [1, null, null],
      [10, null, 30],
    ]),
  ).toEqual([
    [1, null, 0],
    [11, null, 30],
  ]);
});

it('stacks nothing', () => {
  expect(stack([])).toEqual([]);
});
