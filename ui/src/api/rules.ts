// Rules and the alerts they have raised, as the API tells them.
import { useQuery } from '@tanstack/react-query';
import type { Labels } from './answer';
import type { Shown } from './queries';
import { get } from './request';

export type AlertState = 'firing' | 'pending' | 'inactive' | 'unknown';

export interface Alert {
  labels: Labels;
  annotations: Labels;
  state: AlertState;
  activeAt?: string;
  keepFiringSince?: string;
  value: string;
}

interface Evaluated {
  name: string;
  query: string;
  labels?: Labels;
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  /** Seconds. */
  evaluationTime: number;
  lastEvaluation: string;
}

export interface AlertingRule extends Evaluated {
  type: 'alerting';
  state: AlertState;
  /** Seconds that the condition must hold, and that the alert outlives it. */
  duration: number;
  keepFiringFor: number;
  annotations?: Labels;
  alerts?: Alert[];
}

export interface RecordingRule extends Evaluated {
  type: 'recording';
}

export type Rule = AlertingRule | RecordingRule;

export interface RuleGroup {
  name: string;
  file: string;
  rules: Rule[];
  /** Seconds. */
  interval: number;
  limit: number;
  evaluationTime: number;
  lastEvaluation: string;
}

export function useRuleGroups(
  period: number,
  type?: 'alert',
): Shown<RuleGroup[]> & { again: () => void } {
  const query = useQuery({
    queryKey: ['rules', type],
    queryFn: ({ signal }) => get<{ groups: RuleGroup[] | null }>('rules', { type }, signal),
    refetchInterval: period || false,
  });
  const groups = query.data && (query.data.data.groups ?? []);
  return { data: groups, error: query.error, again: () => void query.refetch() };
}
