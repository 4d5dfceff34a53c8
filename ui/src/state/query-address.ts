// The query page's panels in the address, in Prometheus' scheme: `g0.expr`, `g0.tab` and so on.
import { formatDuration, parseDuration } from './duration';
import { formatLinkInstant, parseInstant } from './instant';
import type { Window } from './time-range';

export type Tab = 'table' | 'graph';
export type Density = 'low' | 'medium' | 'high';

export type Resolution = { kind: 'auto'; density: Density } | { kind: 'fixed'; step: number };

export interface QueryPanelState {
  expr: string;
  tab: Tab;
  /** Milliseconds shown before the end. */
  range: number;
  /** End of the graph and moment of the table; undefined is the present. */
  end: number | undefined;
  resolution: Resolution;
  isStacked: boolean;
  /** Lower end of the value axis, where a link sets one. */
  min: number | undefined;
  /** A line drawn across the graph, such as what an alert compares with. */
  threshold: number | undefined;
}

export const EMPTY_PANEL: QueryPanelState = {
  expr: '',
  tab: 'table',
  range: 3_600_000,
  end: undefined,
  resolution: { kind: 'auto', density: 'medium' },
  isStacked: false,
  min: undefined,
  threshold: undefined,
};

/** Reads links of Prometheus 2 (`tab=0`, `step_input`, `stacked`) and 3; always at least one panel. */
export function readPanels(params: URLSearchParams): QueryPanelState[] {
  const panels: QueryPanelState[] = [];
  for (let at = 0; params.has(`g${at}.expr`); at += 1) {
    panels.push(readPanel((name) => params.get(`g${at}.${name}`) ?? ''));
  }
  return panels.length > 0 ? panels : [EMPTY_PANEL];
}

export function writePanels(panels: QueryPanelState[]): URLSearchParams {
  const params = new URLSearchParams();
  panels.forEach((panel, at) => {
    for (const [name, value] of panelEntries(panel)) params.set(`g${at}.${name}`, value);
  });
  return params;
}

/** A link that shows expressions as graphs over a window, which ends now when it is live. */
export function queryHref(exprs: string[], window: Window, isLive: boolean): string {
  const { from, to } = window;
  const end = isLive ? undefined : to;
  const panels = exprs.map((expr): QueryPanelState => {
    return { ...EMPTY_PANEL, expr, tab: 'graph', range: to - from, end };
  });
  return `/query?${writePanels(panels)}`;
}

/** Points per graph that an automatic step aims at. */
const POINTS: Record<Density, number> = { low: 120, medium: 300, high: 700 };

/** The step of a graph in milliseconds, never below one second. */
export function stepOf({ resolution, range }: QueryPanelState): number {
  if (resolution.kind === 'fixed') return resolution.step;
  return Math.max(1000, Math.ceil(range / POINTS[resolution.density] / 1000) * 1000);
}

function readPanel(get: (name: string) => string): QueryPanelState {
  return {
    expr: get('expr'),
    tab: get('tab') === '0' || get('tab') === 'graph' ? 'graph' : 'table',
    range: parseDuration(get('range_input')) ?? EMPTY_PANEL.range,
    end: parseInstant(get('moment_input')) ?? parseInstant(get('end_input')),
    resolution: readResolution(get),
    isStacked: get('display_mode') === 'stacked' || get('stacked') === '1',
    min: readNumber(get('y_axis_min')),
    threshold: readNumber(get('threshold')),
  };
}

function readResolution(get: (name: string) => string): Resolution {
  const kind = get('res_type');
  const step = parseDuration(get(kind === '' ? 'step_input' : 'res_step'));
  if (kind !== 'auto' && step !== undefined) return { kind: 'fixed', step };
  const density = (['low', 'high'] as const).find((name) => name === get('res_density'));
  return { kind: 'auto', density: density ?? 'medium' };
}

function readNumber(text: string): number | undefined {
  const value = Number(text);
  return text === '' || !Number.isFinite(value) ? undefined : value;
}

function panelEntries(panel: QueryPanelState): [string, string][] {
  const { resolution, end, min, threshold } = panel;
  const entries: [string, string][] = [
    ['expr', panel.expr],
    ['tab', panel.tab],
    ['range_input', formatDuration(panel.range)],
  ];
  if (end !== undefined) {
    entries.push(['end_input', formatLinkInstant(end)], ['moment_input', formatLinkInstant(end)]);
  }
  if (resolution.kind === 'auto') {
    entries.push(['res_type', 'auto'], ['res_density', resolution.density]);
  } else {
    entries.push(['res_type', 'custom'], ['res_step', String(resolution.step / 1000)]);
  }
  entries.push(['display_mode', panel.isStacked ? 'stacked' : 'lines']);
  if (min !== undefined) entries.push(['y_axis_min', String(min)]);
  if (threshold !== undefined) entries.push(['threshold', String(threshold)]);
  return entries;
}
