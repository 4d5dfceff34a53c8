// The choice of machine and its matchers.
import { describe, expect, it } from 'vitest';
import type { InstantSeries } from '../api/answer';
import { chooseMachine, machineMatchers, readMachines } from './machine-choice';

const [a, b, other] = [
  { job: 'node', instance: 'a:9100', host: 'ada' },
  { job: 'node', instance: 'b:9100', host: 'bea' },
  { job: 'fleet', instance: 'c:9100', host: 'aaa' },
];

it('lists the usual job first and falls back to the instance for a name', () => {
  const vector: InstantSeries[] = [
    { metric: { job: 'fleet', instance: 'c:9100', nodename: 'aaa' } },
    { metric: { job: 'node', instance: 'b:9100' } },
    { metric: { job: 'node', instance: 'a:9100', nodename: 'ada' } },
  ];
  expect(readMachines(vector)).toEqual([a, { ...b, host: 'b:9100' }, other]);
});

describe('chooseMachine', () => {
  it('takes the one in the address, else the first', () => {
    expect(chooseMachine([a, b], null, 'b:9100')).toBe(b);
    expect(chooseMachine([a, b], null, null)).toBe(a);
    expect(chooseMachine([], null, null)).toBeUndefined();
  });

  it('keeps to a machine that is not there now', () => {
    expect(chooseMachine([a], null, 'z:1')).toEqual({ job: 'node', instance: 'z:1', host: 'z:1' });
  });
});

it('names the instance only where the job does not say enough', () => {
  expect(machineMatchers(undefined, [])).toBe('job="node"');
  expect(machineMatchers(a, [a, other])).toBe('job="node"');
  expect(machineMatchers(a, [a, b])).toBe('job="node",instance="a:9100"');
  const down = { job: 'node', instance: 'z:1', host: 'z:1' };
  expect(machineMatchers(down, [a])).toBe('job="node",instance="z:1"');
});
