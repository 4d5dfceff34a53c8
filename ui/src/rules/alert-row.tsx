// One alerting rule in a line: its state, what it has raised; opened, everything about it.
import { memo } from 'react';
import type { Labels } from '../api/answer';
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
        <Mark rule={rule} />
        <h2 className={styles.name}>
          <button type="button" aria-expanded={isOpen} onClick={() => props.onToggle(id)}>
            <Icon name={isOpen ? 'opened' : 'later'} size={13} />
            {rule.name}
          </button>
        </h2>
        {alerts.length > 0 && <span className={styles.raised}>{raisedText(alerts, now)}</span>}
        {hasLabels(rule.labels) && <LabelSet labels={rule.labels} onPick={props.onPick} />}
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
        <Raised
          alerts={alerts}
          common={rule.labels ?? {}}
          now={now}
          isOpen={isOpen}
          onMore={() => props.onToggle(id)}
          onPick={props.onPick}
        />
      )}
    </li>
  );
});

/** A rule that cannot be evaluated is not quiet, it is blind. */
function Mark({ rule: { state, health } }: { rule: AlertingRule }) {
  const isBlind = health === 'err' && state !== 'firing' && state !== 'pending';
  return isBlind ? (
    <StateMark tone="bad">failing</StateMark>
  ) : (
    <StateMark tone={TONES[state]}>{state}</StateMark>
  );
}

function hasLabels(labels: Labels | undefined): labels is Labels {
  return Object.keys(labels ?? {}).length > 0;
}

/** `2 firing, 1 pending, since 5 min ago` */
function raisedText(alerts: Alert[], now: number): string {
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
  /** Labels of the rule, which all of them have. */
  common: Labels;
  now: number;
  isOpen: boolean;
  onMore: () => void;
  onPick: (term: string) => void;
}

function Raised({ alerts, common, now, isOpen, onMore, onPick }: RaisedProps) {
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
            common={common}
            now={now}
            isOpen={isOpen}
            onPick={onPick}
          />
        ))}
      </ul>
      {shown.length < alerts.length && (
        <button type="button" className={styles.more} onClick={onMore}>
          and {alerts.length - shown.length} more
        </button>
      )}
    </>
  );
}

interface InstanceProps {
  alert: Alert;
  common: Labels;
  now: number;
  isOpen: boolean;
  onPick: (term: string) => void;
}

function Instance({ alert, common, now, isOpen, onPick }: InstanceProps) {
  const labels = ownLabels(alert.labels, common);
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
        {hasLabels(labels) && <LabelSet labels={labels} onPick={onPick} />}
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

/** The name and what all alerts of the rule have stand in its line already. */
function ownLabels(labels: Labels, common: Labels): Labels {
  const own = Object.entries(labels).filter(
    ([name, value]) => name !== 'alertname' && common[name] !== value,
  );
  return Object.fromEntries(own);
}

/** The API writes numbers with an exponent. */
export function alertValue(text: string): string {
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? text : formatValue(value, 'number');
}
