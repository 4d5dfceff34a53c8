// A panel that draws its plan over the page's window and asks only while it is on screen.
import { useMemo } from 'react';
import { windowTimes } from '../api/columns';
import type { RangeAnswer } from '../api/queries';
import { useRange } from '../api/queries';
import { Graph } from '../charts/graph';
import type { Line } from '../charts/line';
import { QUIET } from '../charts/palette';
import { formatInstant } from '../state/instant';
import { queryHref } from '../state/query-address';
import { useVisibility } from '../state/visibility';
import { panelLines } from './lines';
import { PanelFrame } from './panel-frame';
import { fillExpr, type PanelPlan } from './plan';
import styles from './time-panel.module.css';
import type { View } from './view';

const CHART_HEIGHT = 182;
const SYNC_KEY = 'machine';

export interface TimePanelProps {
  plan: PanelPlan;
  view: View;
  onZoom: (from: number, to: number) => void;
}

export function TimePanel({ plan, view, onZoom }: TimePanelProps) {
  const [frame, isVisible] = useVisibility();
  const { machine, rate, window } = view;
  const exprs = useMemo(
    () => plan.queries.map((query) => fillExpr(query.expr, machine, rate)),
    [plan, machine, rate],
  );
  const { data, error } = useRange(exprs, window, isVisible && view.isReady);
  const drawn = useMemo(() => data && draw(plan, data), [plan, data]);
  const shared = {
    title: plan.title,
    href: queryHref(exprs, window, view.isLive),
    exprs,
    error,
    absence: plan.absence,
    frameRef: frame,
  };
  if (!drawn || isEmpty(drawn.lines)) {
    return (
      <PanelFrame {...shared} state={drawn ? 'empty' : 'loading'}>
        {null}
      </PanelFrame>
    );
  }
  return (
    <Graph
      {...drawn}
      label={plan.title}
      unit={plan.unit}
      height={CHART_HEIGHT}
      syncKey={SYNC_KEY}
      isStacked={plan.isStacked}
      max={plan.max}
      onZoom={onZoom}
    >
      {({ chart, legend, pointer }) => (
        <PanelFrame
          {...shared}
          state="ready"
          aside={pointer ? timeAt(drawn.times, pointer.at) : ''}
        >
          {chart}
          <div className={styles.legend}>{legend}</div>
        </PanelFrame>
      )}
    </Graph>
  );
}

function draw(plan: PanelPlan, answer: RangeAnswer) {
  const { matrices, window } = answer;
  const { lines, folded } = panelLines(plan, matrices, window);
  const note = folded > 0 ? `${folded} more at zero` : undefined;
  return { lines, note, times: windowTimes(window), from: window.from, to: window.to };
}

/** Totals and limits alone are no data: they are what the data would be compared with. */
function isEmpty(lines: Line[]): boolean {
  return lines.every((line) => line.colour === QUIET);
}

function timeAt(times: number[], at: number): string {
  return formatInstant((times[at] ?? 0) * 1000);
}
