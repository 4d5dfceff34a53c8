// What is scraped, what was discovered and what became of it: questions to the API and their answers.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Labels } from './answer';
import type { Shown } from './queries';
import { get, post } from './request';

export type Health = 'up' | 'down' | 'unknown';

export interface Target {
  id: string;
  scrapePool: string;
  scrapeUrl: string;
  labels: Labels;
  health: Health;
  lastError?: string;
  /** What was left out of the last scrape for want of room. */
  lastWarning?: string;
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  scrapeInterval: string;
  scrapeTimeout: string;
  samples: number;
  samplesKept: number;
  bodyBytes: number;
}

export interface Pool {
  name: string;
  targets: number;
  dropped: number;
  scrapeInterval: string;
  scrapeTimeout: string;
  /** Limits are absent where there are none. */
  targetLimit?: number;
  sampleLimit?: number;
  bodySizeLimit?: number;
}

export interface Overview {
  /** When this was so, by the server's clock. */
  time: string;
  pools: Pool[];
  targets: Target[];
}

export interface FetchedPage {
  url: string;
  contentType: string;
  /** Seconds. */
  duration: number;
  transferredBytes: number;
  bytes: number;
  text: string;
  isCut: boolean;
  samples: number;
  error?: string;
  errorLine?: number;
}

export type SourceHealth = 'good' | 'waiting' | 'failing' | 'lacking';

/** Where a job has targets from. */
export interface Source {
  scrapePool: string;
  mechanism: string;
  health: SourceHealth;
  targets: number;
  lastRefresh: string;
  lastError?: string;
}

export interface RelabelRule {
  source_labels?: string[];
  separator: string;
  regex: string;
  modulus?: number;
  target_label?: string;
  replacement: string;
  action: string;
}

export type OutcomeKind = 'target' | 'duplicate' | 'dropped' | 'failed';

export interface Outcome {
  outcome: OutcomeKind;
  /** The rule that dropped it, counted from 0. */
  droppedBy?: number;
  error?: string;
  /** Labels that its series get. */
  labels?: Labels;
  url?: string;
  id?: string;
}

export interface DiscoveredTarget extends Outcome {
  discoveredLabels: Labels;
  source: string;
}

export interface Discovered {
  rules: RelabelRule[];
  counts: Record<OutcomeKind, number>;
  /** How many fit the filter; `targets` holds the first of them. */
  matching: number;
  targets: DiscoveredTarget[];
}

export interface RelabelStep {
  rule: RelabelRule;
  /** The joined source labels. */
  value?: string;
  /** The target label, where it is compared. */
  target_value?: string;
  /** Labels whose names match, where names are matched. */
  names?: string[];
  applied: boolean;
  keep: boolean;
  output: Labels;
}

export interface Explanation extends Outcome {
  discoveredLabels: Labels;
  steps: RelabelStep[];
}

export function useOverview(period: number): Shown<Overview> & { again: () => void } {
  const query = useQuery({
    queryKey: ['targets-overview'],
    queryFn: ({ signal }) => get<Overview>('targets/overview', {}, signal),
    refetchInterval: period || false,
  });
  return { data: query.data?.data, error: query.error, again: () => void query.refetch() };
}

export function useSources(period: number): Shown<Source[]> & { again: () => void } {
  const query = useQuery({
    queryKey: ['discovery-sources'],
    queryFn: ({ signal }) => get<{ sources: Source[] }>('scrape_pools/discovery', {}, signal),
    refetchInterval: period || false,
  });
  return { data: query.data?.data.sources, error: query.error, again: () => void query.refetch() };
}

/** The page of a target, fetched when this is first shown and whenever `again` is called. */
export function useFetchedPage(pool: string, target: string) {
  const query = useQuery({
    queryKey: ['target-page', pool, target],
    queryFn: ({ signal }) => get<FetchedPage>('targets/page', { scrapePool: pool, target }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return {
    page: query.data?.data,
    error: query.error,
    isFetching: query.isFetching,
    again: () => void query.refetch(),
  };
}

export function usePoolConfig(pool: string, enabled: boolean): Shown<string> {
  const query = useQuery({
    queryKey: ['scrape-pool-config', pool],
    queryFn: ({ signal }) =>
      get<{ yaml: string }>('scrape_pools/config', { scrapePool: pool }, signal),
    enabled,
  });
  return { data: query.data?.data.yaml, error: query.error };
}

export function useDiscovered(
  pool: string,
  outcome: string,
  search: string,
  period: number,
  enabled: boolean,
): Shown<Discovered> {
  const query = useQuery({
    queryKey: ['discovered', pool, outcome, search],
    queryFn: ({ signal }) =>
      get<Discovered>('targets/discovered', { scrapePool: pool, outcome, search }, signal),
    refetchInterval: period || false,
    enabled,
    placeholderData: keepPreviousData,
  });
  return { data: query.data?.data, error: query.error };
}

/** Posted: the labels that discovery finds may be longer than an address. */
export function useExplanation(pool: string, labels: Labels): Shown<Explanation> {
  const text = JSON.stringify(labels);
  const query = useQuery({
    queryKey: ['relabel-explanation', pool, text],
    queryFn: ({ signal }) =>
      post<Explanation>('targets/explain', { scrapePool: pool, labels: text }, signal),
    gcTime: 60_000,
  });
  return { data: query.data?.data, error: query.error };
}
