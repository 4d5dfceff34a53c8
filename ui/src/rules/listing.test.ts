// Which rules and alerts are shown, and in which order.
import { expect, it } from 'vitest';
import type { AlertingRule } from '../api/rules';
import { type AlertFilter, listAlerts, listRules } from './listing';
import { ALERTING, group, RECORDING } from './rules-fixture';

const alert = (name: string, part: Partial<AlertingRule>) => ({ ...ALERTING, name, ...part });

const GROUPS = [
  group('first', [
    RECORDING,
    alert('Quiet', {}),
    alert('Failing', { health: 'err', lastError: 'no such function' }),
  ]),
  group('second', [
    alert('Pending', { state: 'pending' }),
    alert('Firing', {
      state: 'firing',
      alerts: [
        {
          labels: { instance: 'web:1' },
          annotations: {},
          state: 'firing',
          value: '0e+00',
        },
      ],
    }),
  ]),
];

const names = (state: AlertFilter, search = '') =>
  listAlerts(GROUPS, state, search).alerts.map(({ rule }) => rule.name);

it('shows what burns first, and what fails before what is quiet', () => {
  expect(names('all')).toEqual(['Firing', 'Pending', 'Failing', 'Quiet']);
  expect(names('failing')).toEqual(['Failing']);
  expect(listAlerts(GROUPS, 'firing', '').counts).toEqual({
    all: 4,
    firing: 1,
    pending: 1,
    inactive: 2,
    unknown: 0,
    failing: 1,
  });
});

it('finds alerts by the labels of what they have raised', () => {
  expect(names('all', 'instance="web:1"')).toEqual(['Firing']);
  expect(names('all', 'no such')).toEqual(['Failing']);
});

it('keeps rules in their groups', () => {
  const { groups, counts } = listRules(GROUPS, 'all', '');
  expect(groups.map((shown) => [shown.group.name, shown.rules.length, shown.failing])).toEqual([
    ['first', 3, 1],
    ['second', 2, 0],
  ]);
  expect(counts).toEqual({ all: 5, alerting: 4, recording: 1, failing: 1 });
  const recording = listRules(GROUPS, 'recording', 'job:up');
  expect(recording.groups.map(({ rules }) => rules.map(({ rule }) => rule.name))).toEqual([
    ['job:up:count'],
  ]);
});
