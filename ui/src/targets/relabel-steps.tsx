// How relabeling made a target of what was discovered, or did not: rule by rule.
import type { ReactNode } from 'react';
import type { Labels } from '../api/answer';
import { labelPairs, quote } from '../api/labels';
import { type RelabelRule, type RelabelStep, useExplanation } from '../api/targets';
import { StateMark } from '../lists/state-mark';
import { labelChanges } from './label-changes';
import styles from './relabel-steps.module.css';
import { RuleText } from './rule-text';

/** Actions that change no label. */
const DECIDING = ['keep', 'drop', 'keepequal', 'dropequal'];

export interface RelabelStepsProps {
  pool: string;
  labels: Labels;
  /** All rules of the job; those behind one that drops are not reached. */
  rules: RelabelRule[];
}

export function RelabelSteps({ pool, labels, rules }: RelabelStepsProps) {
  const { data, error } = useExplanation(pool, labels);
  if (error) return <p className={styles.error}>{error.message}</p>;
  if (!data) return <p className={styles.note}>Asking…</p>;
  const { steps, discoveredLabels } = data;
  return (
    <div className={styles.parts}>
      <section>
        <h3>Discovered</h3>
        <LabelTable labels={discoveredLabels} />
      </section>
      <section>
        <h3>Relabeled</h3>
        {rules.length === 0 && <p className={styles.note}>The job has no relabel_configs.</p>}
        <ol className={styles.steps}>
          {steps.map((step, at) => (
            <Step
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule is known by its place
              key={at}
              step={step}
              before={steps[at - 1]?.output ?? discoveredLabels}
            />
          ))}
          {rules.slice(steps.length).map((rule, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is known by its place
            <li key={at} className={styles.unreached}>
              <RuleText rule={rule} />
              <p>Not reached.</p>
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h3>Result</h3>
        {data.outcome === 'dropped' && (
          <p className={styles.note}>
            {data.droppedBy === undefined
              ? 'Dropped: no label was left.'
              : `Dropped by rule ${data.droppedBy + 1}.`}
          </p>
        )}
        {data.error && <p className={styles.error}>Cannot be scraped: {data.error}</p>}
        {data.url && <p className={styles.url}>{data.url}</p>}
        {data.labels && (
          <>
            <LabelTable labels={data.labels} />
            <p className={styles.note}>
              Labels that begin with __ end here
              {steps.at(-1)?.output.instance || discoveredLabels.instance
                ? '.'
                : '; instance is the address, as no rule has set it.'}
            </p>
          </>
        )}
      </section>
    </div>
  );
}

function Step({ step, before }: { step: RelabelStep; before: Labels }) {
  return (
    <li className={step.keep ? undefined : styles.dropping}>
      <RuleText rule={step.rule} />
      <p className={styles.seen}>{sawText(step)}</p>
      {step.keep ? (
        <Changes before={before} after={step.output} rule={step.rule} />
      ) : (
        <StateMark tone="bad">dropped here</StateMark>
      )}
    </li>
  );
}

/** What the rule looked at, and what it made of that. */
function sawText({ rule, value, target_value, names, applied }: RelabelStep): ReactNode {
  if (names) {
    return names.length === 0
      ? 'No label has such a name.'
      : `${names.length === 1 ? 'One label has' : `${names.length} labels have`} such a name.`;
  }
  const seen = <code>{quote(value ?? '')}</code>;
  if (target_value !== undefined) {
    return (
      <>
        {seen} {applied ? 'equals' : 'differs from'} <code>{quote(target_value)}</code>.
      </>
    );
  }
  const isConditional =
    rule.action === 'replace' ? rule.regex !== '(.*)' : DECIDING.includes(rule.action);
  if (!isConditional) {
    return (rule.source_labels ?? []).length === 0 ? 'Always.' : <>The value is {seen}.</>;
  }
  return (
    <>
      {seen} {applied ? 'matches.' : 'does not match.'}
    </>
  );
}

interface ChangesProps {
  before: Labels;
  after: Labels;
  rule: RelabelRule;
}

function Changes({ before, after, rule }: ChangesProps) {
  const changes = labelChanges(before, after);
  if (changes.length === 0) {
    const text = DECIDING.includes(rule.action) ? 'Kept.' : 'Changes nothing.';
    return <p className={styles.unchanged}>{text}</p>;
  }
  return (
    <ul className={styles.changes} aria-label="Changes">
      {changes.map((change) => (
        <li key={change.name}>
          <code>
            {change.before === undefined ? '+ ' : change.after === undefined ? '− ' : '~ '}
            <b>{change.name}</b> {change.before !== undefined && <del>{quote(change.before)}</del>}
            {change.before !== undefined && change.after !== undefined && ' → '}
            {change.after !== undefined && <ins>{quote(change.after)}</ins>}
          </code>
        </li>
      ))}
    </ul>
  );
}

function LabelTable({ labels }: { labels: Labels }) {
  return (
    <dl className={styles.labels}>
      {labelPairs(labels).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
