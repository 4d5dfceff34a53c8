// The window of a query's graph.
import { expect, it } from 'vitest';
import { EMPTY_PANEL } from '../state/query-address';
import { graphWindow } from './query-run';

it('ends exactly at the end and starts whole steps before it', () => {
  const state = {
    ...EMPTY_PANEL,
    range: 100_000,
    resolution: { kind: 'fixed', step: 30_000 },
  } as const;
  expect(graphWindow(state, 1_000_001)).toEqual({ from: 910_001, to: 1_000_001, step: 30_000 });
});

it('is one step long when the step is longer than the range', () => {
  const state = {
    ...EMPTY_PANEL,
    range: 1_000,
    resolution: { kind: 'fixed', step: 60_000 },
  } as const;
  expect(graphWindow(state, 90_000)).toEqual({ from: 30_000, to: 90_000, step: 60_000 });
});
