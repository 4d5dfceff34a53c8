// One expression with its result: the field, the two tabs, and whatever the server had to say.
import { ActionIcon, Button, Tabs } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import { locateError } from '../api/error-position';
import { ExpressionEditor } from '../editor/expression-editor';
import type { QueryPanelState, Tab } from '../state/query-address';
import { GraphControls } from './graph-controls';
import { Icon } from './icon';
import { InstantField } from './instant-field';
import { QueryError, QueryNotes } from './query-error';
import { QueryGraph } from './query-graph';
import styles from './query-panel.module.css';
import { type QueryRun, useQueryRun } from './query-run';
import { ResultTable } from './result-table';

export interface QueryPanelProps {
  id: string;
  state: QueryPanelState;
  /** A new expression is a new entry in the history, a changed setting is not. */
  onState: (state: QueryPanelState, isReplace: boolean) => void;
  onRemove: (() => void) | undefined;
}

export function QueryPanel({ id, state, onState, onRemove }: QueryPanelProps) {
  const [draft, setDraft] = useState(state.expr);
  useEffect(() => setDraft(state.expr), [state.expr]);
  const run = useQueryRun(state);
  const located = useMemo(
    () => (run.error ? locateError(run.error.message, state.expr) : undefined),
    [run.error, state.expr],
  );
  const start = () => {
    run.again();
    if (draft !== state.expr) onState({ ...state, expr: draft }, false);
  };
  const set = (next: QueryPanelState) => onState(next, true);

  return (
    <section className={styles.panel} aria-label={state.expr || 'New query'}>
      <div className={styles.expression}>
        <ExpressionEditor
          value={draft}
          onChange={setDraft}
          onRun={start}
          error={draft === state.expr ? located : undefined}
          label="Expression"
          hasAutoFocus={state.expr === ''}
        />
        <Button className={styles.run} loading={run.isFetching} onClick={start}>
          Run
        </Button>
        {onRemove && (
          <ActionIcon
            size={36}
            variant="subtle"
            color="gray"
            aria-label="Remove this query"
            title="Remove this query"
            onClick={onRemove}
          >
            <Icon name="close" />
          </ActionIcon>
        )}
      </div>
      <Tabs
        value={state.tab}
        onChange={(tab) => set({ ...state, tab: tab as Tab })}
        className={styles.tabs}
      >
        <div className={styles.bar}>
          <Tabs.List>
            <Tabs.Tab value="table">Table</Tabs.Tab>
            <Tabs.Tab value="graph">Graph</Tabs.Tab>
          </Tabs.List>
          <div className={styles.controls}>
            {state.tab === 'graph' ? (
              <GraphControls state={state} onState={set} />
            ) : (
              <InstantField
                verb="evaluated"
                value={state.end}
                onChange={(end) => set({ ...state, end })}
              />
            )}
          </div>
          <span className={styles.summary} role="status">
            {run.summary}
          </span>
        </div>
        <Tabs.Panel value={state.tab} className={styles.result} aria-busy={run.isFetching}>
          {run.error && <QueryError error={run.error} located={located} expr={state.expr} />}
          <QueryNotes warnings={run.warnings} infos={run.infos} />
          <Result id={id} state={state} run={run} onState={set} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

interface ResultProps {
  id: string;
  state: QueryPanelState;
  run: QueryRun;
  onState: (state: QueryPanelState) => void;
}

function Result({ id, state, run, onState }: ResultProps) {
  if (state.expr === '') {
    return <p className={styles.hint}>Write an expression, such as node_load1, and press Enter.</p>;
  }
  if (run.graph) {
    const zoom = (from: number, to: number) =>
      onState({ ...state, range: Math.max(1000, Math.round(to - from)), end: Math.round(to) });
    return <QueryGraph id={id} answer={run.graph} state={state} onZoom={zoom} />;
  }
  if (run.table) return <ResultTable data={run.table} />;
  return run.error ? null : <div className={styles[`${state.tab}Room`]} />;
}
