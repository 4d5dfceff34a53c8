// Labels side by side. A click puts one into the filter, with Alt it is excluded there.
import type { Labels } from '../api/answer';
import { labelPairs, quote } from '../api/labels';
import styles from './label-set.module.css';
import { labelTerm } from './search';

export interface LabelSetProps {
  labels: Labels;
  /** Gets the word for the filter. Without it labels are text only. */
  onPick?: ((term: string) => void) | undefined;
}

export function LabelSet({ labels, onPick }: LabelSetProps) {
  const pairs = labelPairs(labels);
  if (pairs.length === 0) return <span className={styles.none}>no labels</span>;
  return (
    <span className={styles.labels}>
      {pairs.map(([name, value]) =>
        onPick ? (
          <button
            key={name}
            type="button"
            className={styles.label}
            title="Filter by this label (with Alt: leave it out)"
            onClick={(event) => onPick(`${event.altKey ? '-' : ''}${labelTerm(name, value)}`)}
          >
            <Pair name={name} value={value} />
          </button>
        ) : (
          <code key={name} className={styles.label}>
            <Pair name={name} value={value} />
          </code>
        ),
      )}
    </span>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <span className={styles.name}>{name}</span>=
      <span className={styles.value}>{quote(value)}</span>
    </>
  );
}
