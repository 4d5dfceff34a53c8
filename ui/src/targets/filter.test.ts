// Which targets are shown, in which order, and how they are counted.
import { expect, it } from 'vitest';
import type { Target } from '../api/targets';
import { filterTargets, type TargetFilter } from './filter';
import { POOL, TARGET } from './targets-fixture';

const TARGETS: Target[] = [
  TARGET,
  { ...TARGET, id: '2', health: 'unknown', labels: { instance: 'db:1', job: 'node' } },
  { ...TARGET, id: '3', samplesKept: 999 },
  { ...TARGET, id: '4', health: 'down', lastError: 'connection refused' },
  { ...TARGET, id: '5', scrapePool: 'other' },
];
const POOLS = [POOL, { ...POOL, name: 'other' }, { ...POOL, name: 'empty' }];

function show(part: Partial<TargetFilter>) {
  const filter: TargetFilter = { state: 'all', pool: '', search: '', ...part };
  const { pools, counts } = filterTargets(POOLS, TARGETS, filter);
  const ids = pools.map(({ pool, targets }) => [pool.name, ...targets.map(({ id }) => id.at(-1))]);
  return { ids, counts };
}

it('shows all pools and the worst targets first', () => {
  expect(show({}).ids).toEqual([['node', '4', '3', '2', 'a'], ['other', '5'], ['empty']]);
});

it('counts each state within the rest of the filter', () => {
  expect(show({ pool: 'node', state: 'down' })).toEqual({
    ids: [['node', '4']],
    counts: { all: 4, up: 2, down: 1, unknown: 1, near: 1 },
  });
});

it('looks into addresses, labels and errors', () => {
  expect(show({ search: 'refused' }).ids).toEqual([['node', '4']]);
  expect(show({ search: 'instance="db:1"' }).ids).toEqual([['node', '2']]);
  expect(show({ search: 'nothing' }).ids).toEqual([]);
});
