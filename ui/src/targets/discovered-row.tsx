// One discovered label set: what became of it, why, and on request rule by rule.
import { memo, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { DiscoveredTarget, OutcomeKind, RelabelRule } from '../api/targets';
import { LabelSet } from '../lists/label-set';
import { StateMark, type Tone } from '../lists/state-mark';
import { Icon } from '../panels/icon';
import styles from './discovered-row.module.css';
import { RelabelSteps } from './relabel-steps';
import { RuleText } from './rule-text';

const MARKS: Record<OutcomeKind, [Tone, string]> = {
  target: ['good', 'target'],
  duplicate: ['warn', 'repeated'],
  dropped: ['quiet', 'dropped'],
  failed: ['bad', 'failed'],
};

export interface DiscoveredRowProps {
  id: string;
  pool: string;
  found: DiscoveredTarget;
  rules: RelabelRule[];
  isOpen: boolean;
  onToggle: (id: string) => void;
}

export const DiscoveredRow = memo(function DiscoveredRow(props: DiscoveredRowProps) {
  const { id, pool, found, rules, isOpen } = props;
  const [tone, word] = MARKS[found.outcome];
  return (
    <li className={styles.row}>
      <div className={styles.state}>
        <StateMark tone={tone}>{word}</StateMark>
      </div>
      <div className={styles.what}>
        <code className={styles.address}>{found.discoveredLabels.__address__ ?? 'no address'}</code>
        <Result found={found} pool={pool} rules={rules} />
        <span className={styles.source} title="Where discovery has it from">
          {sourceText(found.source)}
        </span>
      </div>
      <button
        type="button"
        className={styles.open}
        aria-expanded={isOpen}
        onClick={() => props.onToggle(id)}
      >
        <Icon name={isOpen ? 'opened' : 'later'} size={13} />
        Why
      </button>
      {isOpen && (
        <div className={styles.steps}>
          <RelabelSteps pool={pool} labels={found.discoveredLabels} rules={rules} />
        </div>
      )}
    </li>
  );
});

/** Groups of static_configs are known by their place only. */
function sourceText(source: string): string {
  return /^\d+$/.test(source) ? `static group ${Number(source) + 1}` : source;
}

interface ResultProps {
  found: DiscoveredTarget;
  pool: string;
  rules: RelabelRule[];
}

function Result({ found, pool, rules }: ResultProps): ReactNode {
  const { outcome, droppedBy, labels, url, error } = found;
  if (outcome === 'target') {
    const search = new URLSearchParams({ pool, search: labels?.instance ?? '' });
    return (
      <>
        <Link href={`/targets?${search}`} className={styles.url}>
          {url}
        </Link>
        <LabelSet labels={labels ?? {}} />
      </>
    );
  }
  if (outcome === 'duplicate') return <p>The same target as one before it.</p>;
  if (outcome === 'failed') return <p className={styles.error}>{error}</p>;
  const rule = droppedBy === undefined ? undefined : rules[droppedBy];
  if (droppedBy === undefined || !rule) return <p>No label was left.</p>;
  return (
    <p>
      Rule {droppedBy + 1}: <RuleText rule={rule} />
    </p>
  );
}
