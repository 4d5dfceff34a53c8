// One rule of a group: what it evaluates, how that went, and what it costs.
import { memo } from 'react';
import type { Rule } from '../api/rules';
import { formatValue } from '../charts/units';
import { LabelSet } from '../lists/label-set';
import { StateMark } from '../lists/state-mark';
import { formatAge, readInstant } from '../state/age';
import { GraphLink } from './graph-link';
import styles from './rule-row.module.css';

const HEALTH = {
  ok: ['good', 'ok'],
  err: ['bad', 'failing'],
  unknown: ['quiet', 'not yet'],
} as const;

/** For the eye only: each number of a row has its name beside it. */
export function RuleHeading() {
  return (
    <div className={styles.heading} aria-hidden="true">
      <span>Health</span>
      <span>Rule</span>
      <span>
        <span>Evaluated</span>
        <span>Took</span>
      </span>
    </div>
  );
}

export interface RuleRowProps {
  rule: Rule;
  now: number;
  onPick: (term: string) => void;
}

export const RuleRow = memo(function RuleRow({ rule, now, onPick }: RuleRowProps) {
  const isAlert = rule.type === 'alerting';
  const [tone, word] = HEALTH[rule.health];
  const labels = rule.labels ?? {};
  return (
    <li className={styles.row}>
      <div className={styles.health}>
        <StateMark tone={tone}>{word}</StateMark>
      </div>
      <div className={styles.what}>
        <p className={styles.head}>
          <span className={styles.kind}>{isAlert ? 'alert' : 'record'}</span>
          <strong>{rule.name}</strong>
          {isAlert && rule.duration > 0 && (
            <span className={styles.for}>for {formatValue(rule.duration, 'seconds')}</span>
          )}
          {isAlert && rule.state !== 'inactive' && (
            <span className={styles.state} data-state={rule.state}>
              {rule.state}
            </span>
          )}
        </p>
        <code className={styles.query}>{rule.query}</code>
        {Object.keys(labels).length > 0 && <LabelSet labels={labels} onPick={onPick} />}
        {rule.lastError && <p className={styles.error}>{rule.lastError}</p>}
      </div>
      <dl className={styles.cost}>
        <div>
          <dt>Evaluated</dt>
          <dd>{formatAge(readInstant(rule.lastEvaluation), now)}</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>{formatValue(rule.evaluationTime, 'seconds')}</dd>
        </div>
      </dl>
      <div className={styles.graph}>
        <GraphLink query={rule.query} isAlert={isAlert} />
      </div>
    </li>
  );
});
