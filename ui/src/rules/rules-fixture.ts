// Rules as the API tells them, for tests.
import type { AlertingRule, RecordingRule, RuleGroup } from '../api/rules';

export const RECORDING: RecordingRule = {
  type: 'recording',
  name: 'job:up:count',
  query: 'count by (job) (up)',
  health: 'ok',
  evaluationTime: 0.001,
  lastEvaluation: '2026-01-02T03:04:05Z',
};

export const ALERTING: AlertingRule = {
  type: 'alerting',
  state: 'inactive',
  name: 'Down',
  query: 'up == 0',
  duration: 60,
  keepFiringFor: 0,
  labels: { severity: 'critical' },
  annotations: { summary: '{{ $labels.instance }} is down' },
  alerts: [],
  health: 'ok',
  evaluationTime: 0.002,
  lastEvaluation: '2026-01-02T03:04:05Z',
};

export function group(name: string, rules: RuleGroup['rules']): RuleGroup {
  return {
    name,
    file: '/rules/node.yml',
    rules,
    interval: 15,
    limit: 0,
    evaluationTime: 0.003,
    lastEvaluation: '2026-01-02T03:04:05Z',
  };
}
