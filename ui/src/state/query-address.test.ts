// Query links, those of Prometheus 2 and 3 included.
import { describe, expect, it } from 'vitest';
import {
  EMPTY_PANEL,
  type QueryPanelState,
  queryHref,
  readPanels,
  stepOf,
  writePanels,
} from './query-address';

const read = (search: string) => readPanels(new URLSearchParams(search));

describe('readPanels', () => {
  it('reads a link of Prometheus 2, as alerts carry it', () => {
    expect(read('g0.expr=up+%3D%3D+0&g0.tab=1')).toEqual([
      { ...EMPTY_PANEL, expr: 'up == 0', tab: 'table' },
    ]);
    expect(
      read(
        'g0.expr=up&g0.tab=0&g0.stacked=1&g0.range_input=2h&g0.step_input=30&g0.end_input=2026-03-01+12%3A00',
      ),
    ).toEqual([
      {
        ...EMPTY_PANEL,
        expr: 'up',
        tab: 'graph',
        range: 7_200_000,
        end: Date.UTC(2026, 2, 1, 12),
        resolution: { kind: 'fixed', step: 30_000 },
        isStacked: true,
      },
    ]);
  });

  it('reads a link of Prometheus 3', () => {
    const [panel] = read(
      'g0.expr=up&g0.show_tree=0&g0.tab=graph&g0.end_input=2026-03-01 12:00:00' +
        '&g0.moment_input=2026-03-01 12:00:00&g0.range_input=1d&g0.res_type=fixed&g0.res_step=60' +
        '&g0.display_mode=stacked&g0.show_exemplars=0&g0.y_axis_min=-1.5',
    );
    expect(panel).toEqual({
      expr: 'up',
      tab: 'graph',
      range: 86_400_000,
      end: Date.UTC(2026, 2, 1, 12),
      resolution: { kind: 'fixed', step: 60_000 },
      isStacked: true,
      min: -1.5,
    });
  });

  it('reads panels up to the first gap, and shows an empty one when there is none', () => {
    expect(read('g0.expr=a&g1.expr=b&g3.expr=d').map((panel) => panel.expr)).toEqual(['a', 'b']);
    expect(read('g1.expr=b')).toEqual([EMPTY_PANEL]);
  });

  it('lets nonsense be the default', () => {
    expect(
      read('g0.expr=up&g0.tab=explain&g0.range_input=soon&g0.res_type=custom&g0.y_axis_min=x'),
    ).toEqual([{ ...EMPTY_PANEL, expr: 'up' }]);
  });
});

it('reads back what it writes', () => {
  const panels: QueryPanelState[] = [
    { ...EMPTY_PANEL, expr: 'a{b="c&d=e"} + 1' },
    {
      expr: 'rate(x[5m])',
      tab: 'graph',
      range: 5_400_000,
      end: Date.UTC(2026, 2, 1, 12),
      resolution: { kind: 'fixed', step: 15_000 },
      isStacked: true,
      min: 0,
      threshold: 2.5,
    },
    { ...EMPTY_PANEL, resolution: { kind: 'auto', density: 'high' } },
  ];
  expect(readPanels(new URLSearchParams(String(writePanels(panels))))).toEqual(panels);
});

it('writes the form that Prometheus 3 writes', () => {
  expect(decodeURIComponent(String(writePanels([{ ...EMPTY_PANEL, expr: 'up' }])))).toBe(
    'g0.expr=up&g0.tab=table&g0.range_input=1h&g0.res_type=auto&g0.res_density=medium&g0.display_mode=lines',
  );
});

it('links expressions as graphs over a window', () => {
  const window = { from: 0, to: 900_000, step: 5_000 };
  const linked = (isLive: boolean) => {
    const href = queryHref(['up'], window, isLive);
    return read(href.slice(href.indexOf('?')))[0];
  };
  expect(linked(true)).toMatchObject({ expr: 'up', tab: 'graph', range: 900_000, end: undefined });
  expect(linked(false)).toMatchObject({ end: 900_000 });
});

it('takes the step from the range unless it is fixed', () => {
  expect(stepOf(EMPTY_PANEL)).toBe(12_000);
  expect(stepOf({ ...EMPTY_PANEL, range: 60_000 })).toBe(1_000);
  expect(stepOf({ ...EMPTY_PANEL, resolution: { kind: 'fixed', step: 250 } })).toBe(250);
});
