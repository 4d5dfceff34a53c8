// The card around a panel: title, link to its queries, and its three states without a graph.
import type { ReactNode, Ref } from 'react';
import { Link } from 'wouter';
import { Icon } from './icon';
import styles from './panel-frame.module.css';

export interface PanelFrameProps {
  title: string;
  /** Shown beside the title: the time under the crosshair. */
  aside?: string | undefined;
  /** Address that opens the panel's queries on the query page. */
  href: string;
  exprs: string[];
  state: 'loading' | 'empty' | 'ready';
  error: Error | null;
  absence?: string | undefined;
  frameRef: Ref<HTMLElement>;
  /** A list that may be shorter than a graph where panels stand one below the other. */
  isList?: boolean;
  children: ReactNode;
}

export function PanelFrame(props: PanelFrameProps) {
  const { title, aside, href, state, error } = props;
  return (
    <section className={styles.frame} ref={props.frameRef} aria-label={title}>
      <header className={styles.head}>
        <h2>{title}</h2>
        <span className={styles.aside}>{aside}</span>
        <Link href={href} className={styles.open} aria-label={`Open the queries of ${title}`}>
          <Icon name="open" size={14} />
        </Link>
      </header>
      <div className={props.isList ? styles.listBody : styles.body} aria-busy={state === 'loading'}>
        {error && <Failure error={error} isOverGraph={state === 'ready'} />}
        {!error && state === 'loading' && <div className={styles.skeleton} />}
        {!error && state === 'empty' && <Absence {...props} />}
        {state === 'ready' && props.children}
      </div>
    </section>
  );
}

function Failure({ error, isOverGraph }: { error: Error; isOverGraph: boolean }) {
  return (
    <p className={isOverGraph ? styles.stale : styles.failure} role="status">
      <strong>{isOverGraph ? 'Not refreshed' : 'The query failed'}</strong> {error.message}
    </p>
  );
}

function Absence({ exprs, absence }: PanelFrameProps) {
  return (
    <div className={styles.absence}>
      <p>
        <strong>No data in this range.</strong> {absence}
      </p>
      <p>
        {exprs.length > 1
          ? 'None of these queries returned a series:'
          : 'This query returned no series:'}
      </p>
      {exprs.map((expr) => (
        <code key={expr}>{expr}</code>
      ))}
    </div>
  );
}
