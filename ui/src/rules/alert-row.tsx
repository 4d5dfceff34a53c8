// One alerting rule in a line: its state, what it has raised; opened, everything about it.
import { memo } from 'react';
import type { Alert, AlertingRule, AlertState, RuleGroup } from '../api/rules';
import { formatValue } from '../charts/units';
import { LabelSet } from '../lists/label-set';
import { StateMark, type Tone } from '../lists/state-mark';
import { Icon } from '../panels/icon';
import { formatAge, readInstant } from '../state/age';
import { formatInstant } from '../state/instant';
import styles from './alert-row.module.css';
import { Annotations } from './annotations';
import { GraphLink } from './graph-link';

const TONES: Record<AlertState, Tone> = {
  firing: 'bad',
  pending: 'warn',
  inactive: 'good',
  unknown: 'quiet',
};

export interface AlertRowProps {
  id: string;
  rule: AlertingRule;
  group: RuleGroup;
  now: number;
  isOpen: boolean;
  onToggle: (id: string) => void;
  onPick: (term: string) => void;
}

export const AlertRow = memo(function AlertRow(props: AlertRowProps) {
  const { id, rule, group, now, isOpen } = props;
  const alerts = rule.alerts ?? [];
  return (
    <li className={styles.row}>
      <div className={styles.line}>
        <StateMark tone={TONES[rule.state]}>{rule.state}</StateMark>
        <h2 className={styles.name}>
          <button type="button" aria-expanded={isOpen} onClick={() => props.onToggle(id)}>
            <Icon name={isOpen ? 'opened' : 'later'} size={13} />
            {rule.name}
          </button>
        </h2>
        <span className={styles.raised}>{raisedText(alerts, now)}</span>
        <LabelSet labels={rule.labels ?? {}} onPick={props.onPick} />
        <span className={styles.group} title={group.file}>
          {group.name}
        </span>
        <GraphLink query={rule.query} isAlert />
      </div>
      {rule.lastError && (
        <p className={styles.error}>
          <strong>The last evaluation failed.</strong> {rule.lastError}
        </p>
      )}
      {isOpen && <Details rule={rule} group={group} now={now} />}
      {alerts.length > 0 && (isOpen || rule.state === 'firing') && (
        <Raised alerts={alerts} now={now} isOpen={isOpen} onPick={props.onPick} />
      )}
    </li>
  );
});

/** `2 firing, 1 pending, since 5 min ago` */
function raisedText(alerts: Alert[], now: number): string {
  if (alerts.length === 0) return '';
  const states = (['firing', 'pending'] as const)
    .map((state) => [alerts.filter((alert) => alert.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const begun = alerts
    .map(({ activeAt }) => readInstant(activeAt))
    .filter((time) => time !== undefined);
  const since = begun.length > 0 ? `, since ${formatAge(Math.min(...begun), now)}` : '';
  return `${states.join(', ')}${since}`;
}

function Details({ rule, group, now }: { rule: AlertingRule; group: RuleGroup; now: number }) {
  const facts: [string, string][] = [
    ['Fires after', rule.duration > 0 ? formatValue(rule.duration, 'seconds') : 'at once'],
    ...(rule.keepFiringFor > 0
      ? ([['Goes on for', formatValue(rule.keepFiringFor, 'seconds')]] as [string, string][])
      : []),
    ['Evaluated', formatAge(readInstant(rule.lastEvaluation), now)],
    ['Took', formatValue(rule.evaluationTime, 'seconds')],
    ['Every', formatValue(group.interval, 'seconds')],
    ['File', group.file],
  ];
  return (
    <div className={styles.details}>
      <pre className={styles.query}>{rule.query}</pre>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Annotations annotations={rule.annotations} />
    </div>
  );
}

/** Without being asked, only so many are listed. */
const SHOWN = 5;

interface RaisedProps {
  alerts: Alert[];
  now: number;
  isOpen: boolean;
  onPick: (term: string) => void;
}

function Raised({ alerts, now, isOpen, onPick }: RaisedProps) {
  const sorted = [...alerts].sort(
    (a, b) => Number(a.state !== 'firing') - Number(b.state !== 'firing'),
  );
  const shown = isOpen ? sorted : sorted.slice(0, SHOWN);
  return (
    <>
      <ul className={styles.alerts} aria-label="Alerts">
        {shown.map((alert) => (
          <Instance
            key={JSON.stringify(alert.labels)}
            alert={alert}
            now={now}
            isOpen={isOpen}
            onPick={onPick}
          />
        ))}
      </ul>
      {shown.length < alerts.length && (
        <p className={styles.more}>and {alerts.length - shown.length} more</p>
      )}
    </>
  );
}

interface InstanceProps {
  alert: Alert;
  now: number;
  isOpen: boolean;
  onPick: (term: string) => void;
}

function Instance({ alert, now, isOpen, onPick }: InstanceProps) {
  const { alertname: _, ...labels } = alert.labels;
  const since = readInstant(alert.activeAt);
  const kept = readInstant(alert.keepFiringSince);
  const { summary } = alert.annotations;
  return (
    <li className={styles.alert}>
      <span className={styles.alertState} data-state={alert.state}>
        {alert.state}
      </span>
      <div className={styles.alertBody}>
        {!isOpen && summary && <p className={styles.summary}>{summary}</p>}
        <LabelSet labels={labels} onPick={onPick} />
        {isOpen && <Annotations annotations={alert.annotations} />}
        {kept !== undefined && (
          <p className={styles.kept}>
            The condition ended {formatAge(kept, now)}; keep_firing_for holds the alert.
          </p>
        )}
      </div>
      <span className={styles.since} title={since === undefined ? undefined : formatInstant(since)}>
        {formatAge(since, now)}
      </span>
      <code className={styles.value} title="Value of the expression">
        {alertValue(alert.value)}
      </code>
    </li>
  );
}

/** The API writes numbers with an exponent. */
export function alertValue(text: string): string {
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? text : formatValue(value, 'number');
}
