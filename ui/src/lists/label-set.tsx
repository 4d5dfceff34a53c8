// Labels side by side. A click puts one into the filter, with Alt it is excluded there.
import type { KeyboardEvent } from 'react';
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
  if (!onPick) {
    return (
      <span className={styles.labels}>
        {pairs.map(([name, value]) => (
          <code key={name} className={styles.label}>
            <Pair name={name} value={value} />
          </code>
        ))}
      </span>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a line of text
    <span className={styles.labels} role="group" aria-label="Labels" onKeyDown={moveFocus}>
      {pairs.map(([name, value], at) => (
        <button
          key={name}
          type="button"
          className={styles.label}
          tabIndex={at === 0 ? 0 : -1}
          title="Filter by this label (with Alt: leave it out)"
          onClick={(event) => onPick(`${event.altKey ? '-' : ''}${labelTerm(name, value)}`)}
        >
          <Pair name={name} value={value} />
        </button>
      ))}
    </span>
  );
}

/** Labels are one stop of the Tab key; between them the arrow keys go. */
function moveFocus({ key, target }: KeyboardEvent) {
  const label = target as Element;
  const next =
    key === 'ArrowRight'
      ? label.nextElementSibling
      : key === 'ArrowLeft'
        ? label.previousElementSibling
        : null;
  if (next instanceof HTMLElement) next.focus();
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <span className={styles.name}>{name}</span>=
      <span className={styles.value}>{quote(value)}</span>
    </>
  );
}
