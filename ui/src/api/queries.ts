// Hooks for the query API: what is asked, how it is cached, and what stays on show meanwhile.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { parseDuration } from '../state/duration';
import type { Window } from '../state/time-range';
import type { Answer, BuildInfo, InstantSeries, QueryData, RangeSeries, Target } from './answer';
import { get, post } from './request';

/** Live answers are asked for again within seconds; old ones only fill memory. */
const LIVE_CACHE = 15_000;

export interface RangeAnswer {
  /** One matrix per expression, in the order asked. */
  matrices: RangeSeries[][];
  window: Window;
  warnings: string[];
  infos: string[];
  milliseconds: number;
}

export interface Shown<T> {
  /** The newest answer, or the last good one while the next is on its way or has failed. */
  data: T | undefined;
  error: Error | null;
}

/** Every query with this key prefix moves with the clock; the clock waits for them. */
export const LIVE_KEY = 'live';

export function useRange(exprs: string[], window: Window, enabled: boolean): Shown<RangeAnswer> {
  const query = useQuery({
    queryKey: [LIVE_KEY, 'range', exprs, window],
    queryFn: ({ signal }) => queryRange(exprs, window, signal),
    enabled,
    gcTime: LIVE_CACHE,
    placeholderData: keepPreviousData,
  });
  return useLastGood(query);
}

/** One vector per expression at an instant, for numbers that follow the clock. */
export function useVectors(
  exprs: string[],
  time: number,
  enabled: boolean,
): Shown<InstantSeries[][]> {
  const query = useQuery({
    queryKey: [LIVE_KEY, 'instant', exprs, time],
    queryFn: ({ signal }) => Promise.all(exprs.map((expr) => queryVector(expr, time, signal))),
    enabled,
    gcTime: LIVE_CACHE,
    placeholderData: keepPreviousData,
  });
  return useLastGood(query);
}

/** An instant query of any result type, run on request. */
export function queryInstant(
  expr: string,
  time: number | undefined,
  signal: AbortSignal,
): Promise<Answer<QueryData>> {
  return post('query', { query: expr, time: time && time / 1000 }, signal);
}

export async function queryRange(
  exprs: string[],
  window: Window,
  signal: AbortSignal,
): Promise<RangeAnswer> {
  const answers = await Promise.all(exprs.map((expr) => queryMatrix(expr, window, signal)));
  return {
    matrices: answers.map((answer) => answer.data.result),
    window,
    warnings: [...new Set(answers.flatMap((answer) => answer.warnings))],
    infos: [...new Set(answers.flatMap((answer) => answer.infos))],
    milliseconds: Math.max(...answers.map((answer) => answer.milliseconds)),
  };
}

export function useBuildInfo(): BuildInfo | undefined {
  const query = useQuery({
    queryKey: ['buildinfo'],
    queryFn: ({ signal }) => get<BuildInfo>('status/buildinfo', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return query.data?.data;
}

/** How often a job's targets are scraped, in milliseconds; the shortest when they differ. */
export function useScrapeInterval(job: string): { interval: number; isKnown: boolean } {
  const query = useQuery({
    queryKey: ['scrape-interval', job],
    queryFn: ({ signal }) =>
      get<{ activeTargets: Target[] }>('targets', { state: 'active', scrapePool: job }, signal),
    staleTime: 60_000,
  });
  const targets = query.data?.data.activeTargets ?? [];
  const intervals = targets
    .filter((target) => target.labels.job === job)
    .map((target) => parseDuration(target.scrapeInterval ?? ''))
    .filter((interval) => interval !== undefined);
  const isKnown = !query.isPending;
  return { interval: intervals.length > 0 ? Math.min(...intervals) : 15_000, isKnown };
}

function queryMatrix(expr: string, window: Window, signal: AbortSignal) {
  const { from, to, step } = window;
  const params = { query: expr, start: from / 1000, end: to / 1000, step: step / 1000 };
  return post<{ result: RangeSeries[] }>('query_range', params, signal);
}

async function queryVector(expr: string, time: number, signal: AbortSignal) {
  const { data } = await post<QueryData>('query', { query: expr, time: time / 1000 }, signal);
  return data.resultType === 'vector' ? data.result : [];
}

function useLastGood<T>(query: Shown<T>): Shown<T> {
  const last = useRef<T | undefined>(undefined);
  if (query.data !== undefined) last.current = query.data;
  return { data: last.current, error: query.error };
}
