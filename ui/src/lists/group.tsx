// A part of a page that folds: its head stays in sight while its rows scroll by.
import { type ReactNode, useId } from 'react';
import { Icon } from '../panels/icon';
import styles from './group.module.css';

export interface GroupProps {
  title: ReactNode;
  isOpen: boolean;
  onToggle: () => void;
  /** Beside the title: numbers, links. */
  summary: ReactNode;
  children: ReactNode;
}

export function Group({ title, isOpen, onToggle, summary, children }: GroupProps) {
  const id = useId();
  return (
    <section className={styles.group} aria-labelledby={`${id}-title`}>
      <header className={styles.head} data-open={isOpen}>
        <h2 className={styles.title} id={`${id}-title`}>
          <button type="button" aria-expanded={isOpen} onClick={onToggle}>
            <Icon name={isOpen ? 'opened' : 'later'} size={14} />
            <span>{title}</span>
          </button>
        </h2>
        <div className={styles.summary}>{summary}</div>
      </header>
      {isOpen && children}
    </section>
  );
}
