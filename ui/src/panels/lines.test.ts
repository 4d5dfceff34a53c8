// A panel's answers as lines: names, colours, order, sign and folding.
import { describe, expect, it } from 'vitest';
import type { RangeSeries } from '../api/answer';
import { fillName, panelLines } from './lines';
import type { PanelPlan } from './plan';

const window = { from: 0, to: 5_000, step: 5_000 };

function series(metric: Record<string, string>, first: string, second: string): RangeSeries {
  return {
    metric,
    values: [
      [0, first],
      [5, second],
    ],
  };
}

const plan: PanelPlan = { id: 'p', title: 'P', unit: 'bytes', queries: [] };

describe('panelLines', () => {
  it('gives a device one colour in both directions and draws one of them below zero', () => {
    const both = {
      ...plan,
      queries: [
        { expr: 'r', name: '{{device}} read' },
        { expr: 'w', name: '{{device}} written', isNegative: true },
      ],
    };
    const answer = [
      [series({ device: 'sdb' }, '1', '2'), series({ device: 'sda' }, '3', '4')],
      [series({ device: 'sdb' }, '5', '6')],
    ];
    const { lines } = panelLines(both, answer, window);
    expect(lines.map(({ label, colour, values }) => [label, colour, values])).toEqual([
      ['sda read', 0, [3, 4]],
      ['sdb read', 1, [1, 2]],
      ['sdb written', 1, [-5, -6]],
    ]);
  });

  it('gives queries that are told apart only by name their own colours', () => {
    const queries = ['a', 'b'].map((name) => ({ expr: name, name }));
    const job = { job: 'node' };
    const answer = [[series(job, '1', '1')], [series(job, '1', '1')]];
    const { lines } = panelLines({ ...plan, queries }, answer, window);
    expect(lines.map((line) => line.colour)).toEqual([0, 1]);
  });

  it('draws in the order of the plan, with colours that do not depend on what is there', () => {
    const ordered = {
      ...plan,
      queries: [{ expr: 'x', name: '{{mode}}' }],
      order: { label: 'mode', values: ['user', 'system', 'iowait'] },
    };
    const answer = [['odd', 'iowait', 'user'].map((mode) => series({ mode }, '1', '1'))];
    const { lines } = panelLines(ordered, answer, window);
    expect(lines.map((line) => [line.label, line.colour])).toEqual([
      ['user', 0],
      ['iowait', 2],
      ['odd', 3],
    ]);
  });

  it('folds lines at zero unless all are', () => {
    const folding = { ...plan, foldsZero: true, queries: [{ expr: 'x', name: '{{d}}' }] };
    const still = series({ d: 'a' }, '0', '0');
    const moving = series({ d: 'b' }, '0', '1');
    expect(panelLines(folding, [[still, moving]], window)).toMatchObject({
      lines: [{ label: 'b' }],
      folded: 1,
    });
    expect(panelLines(folding, [[still]], window)).toMatchObject({
      lines: [{ label: 'a' }],
      folded: 0,
    });
  });
});

it('fills names from labels', () => {
  expect(fillName('{{device}} on {{host}}', { device: 'sda' })).toBe('sda on ');
});
