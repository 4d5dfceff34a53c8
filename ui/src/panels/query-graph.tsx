// A query's range answer as a graph: every series a line, the one under the pointer named.
import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { RangeSeries } from '../api/answer';
import { toColumns, windowTimes } from '../api/columns';
import { formatSeries } from '../api/labels';
import type { RangeAnswer } from '../api/queries';
import { Graph } from '../charts/graph';
import type { Line } from '../charts/line';
import type { QueryPanelState } from '../state/query-address';
import type { Window } from '../state/time-range';
import { GraphTooltip } from './graph-tooltip';
import styles from './query-graph.module.css';

/** More lines than anyone tells apart, few enough to draw and hover without a pause. */
const MAX_LINES = 100;

export interface QueryGraphProps {
  id: string;
  answer: RangeAnswer;
  state: QueryPanelState;
  onZoom: (from: number, to: number) => void;
}

export function QueryGraph({ id, answer, state, onZoom }: QueryGraphProps) {
  const { window, matrices } = answer;
  const [matrix = []] = matrices;
  const [drawsAll, setDrawsAll] = useState(false);
  const limit = drawsAll ? matrix.length : MAX_LINES;
  const lines = useMemo(() => graphLines(matrix, window, limit), [matrix, window, limit]);
  const times = useMemo(() => windowTimes(window), [window]);
  if (matrix.length === 0) {
    return <p className={styles.empty}>No series in this range. The result is empty.</p>;
  }
  return (
    <Graph
      label={`Graph of ${state.expr}`}
      times={times}
      lines={lines}
      from={window.from}
      to={window.to}
      unit="number"
      height={340}
      syncKey={`query ${id}`}
      isStacked={state.isStacked}
      min={state.min}
      threshold={state.threshold}
      fitsData={!state.isStacked}
      hasFocus
      onZoom={onZoom}
    >
      {({ chart, legend, pointer }) => (
        <>
          <div className={styles.chart}>
            {chart}
            {pointer && <GraphTooltip pointer={pointer} times={times} />}
          </div>
          {matrix.length > lines.length && (
            <p className={styles.limit}>
              The first {lines.length} of {matrix.length.toLocaleString('en')} series are drawn.{' '}
              <Button size="compact-xs" variant="subtle" onClick={() => setDrawsAll(true)}>
                Draw all
              </Button>
            </p>
          )}
          <div className={styles.legend}>{legend}</div>
        </>
      )}
    </Graph>
  );
}

function graphLines(matrix: RangeSeries[], window: Window, limit: number): Line[] {
  return toColumns(matrix.slice(0, limit), window).map(({ labels, values }, at) => {
    const name = formatSeries(labels);
    return { id: name, label: name, colour: at, values };
  });
}
