// A state as a word with a coloured mark; the word alone says it all.
import type { ReactNode } from 'react';
import styles from './state-mark.module.css';

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

export function StateMark({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={styles.mark} data-tone={tone}>
      {children}
    </span>
  );
}
