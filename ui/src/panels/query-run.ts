// Runs a query panel's expression for the tab on show and keeps the last result until the next arrives.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { QueryData } from '../api/answer';
import { queryInstant, queryRange, type RangeAnswer } from '../api/queries';
import { type QueryPanelState, stepOf } from '../state/query-address';
import type { Window } from '../state/time-range';
import { resultKind } from './result-rows';

export interface QueryRun {
  /** Results of the tab on show; both undefined before the first one. */
  table: QueryData | undefined;
  graph: RangeAnswer | undefined;
  warnings: string[];
  infos: string[];
  error: Error | null;
  isFetching: boolean;
  /** Kind and size of the result, and how long it took. */
  summary: string;
  /** Asks again, as of now. */
  again: () => void;
}

export function useQueryRun(state: QueryPanelState): QueryRun {
  const [now, setNow] = useState(() => Date.now());
  const isGraph = state.tab === 'graph';
  const end = state.end ?? now;
  const options = {
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  };
  const table = useQuery({
    ...options,
    queryKey: ['query', state.expr, end],
    queryFn: ({ signal }) => queryInstant(state.expr, end, signal),
    enabled: !isGraph && state.expr !== '',
  });
  const window = graphWindow(state, end);
  const graph = useQuery({
    ...options,
    queryKey: ['query-range', state.expr, window],
    queryFn: ({ signal }) => queryRange([state.expr], window, signal),
    enabled: isGraph && state.expr !== '',
  });
  const shown = isGraph ? graph : table;
  const again = () => {
    // With a fixed end nothing in the question changes, so it has to be asked again by hand.
    if (state.end !== undefined) void shown.refetch();
    setNow(Date.now());
  };
  return {
    table: isGraph ? undefined : table.data?.data,
    graph: isGraph ? graph.data : undefined,
    warnings: shown.data?.warnings ?? [],
    infos: shown.data?.infos ?? [],
    error: shown.error,
    isFetching: shown.isFetching,
    summary: isGraph ? graphSummary(graph.data) : tableSummary(table.data),
    again,
  };
}

/** The range before its end, in whole steps and at least one. */
export function graphWindow(state: QueryPanelState, end: number): Window {
  const step = stepOf(state);
  const steps = Math.max(1, Math.floor(state.range / step));
  return { from: end - steps * step, to: end, step };
}

function tableSummary(answer: { data: QueryData; milliseconds: number } | undefined): string {
  if (!answer) return '';
  const { data, milliseconds } = answer;
  const isSeries = data.resultType === 'vector' || data.resultType === 'matrix';
  const size = isSeries ? ` · ${countText(data.result.length)}` : '';
  return `${resultKind(data)}${size} · ${durationText(milliseconds)}`;
}

function graphSummary(answer: RangeAnswer | undefined): string {
  if (!answer) return '';
  return `${countText(answer.matrices[0]?.length ?? 0)} · ${durationText(answer.milliseconds)}`;
}

function countText(count: number): string {
  return count === 1 ? '1 series' : `${count.toLocaleString('en')} series`;
}

function durationText(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;
}
