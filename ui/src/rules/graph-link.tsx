// The link from a rule to the graph of its expression, with the threshold of an alert drawn.
import { Link } from 'wouter';
import { Icon } from '../panels/icon';
import { EMPTY_PANEL, writePanels } from '../state/query-address';
import styles from './graph-link.module.css';
import { findComparison } from './threshold';

/** What is compared, so that the graph is there while nothing fires, and the line it must not cross. */
export function graphHref(query: string, isAlert: boolean): string {
  const comparison = isAlert ? findComparison(query) : undefined;
  const { expr, threshold } = comparison ?? { expr: query, threshold: undefined };
  return `/query?${writePanels([{ ...EMPTY_PANEL, expr, tab: 'graph', threshold }])}`;
}

export function GraphLink({ query, isAlert }: { query: string; isAlert: boolean }) {
  return (
    <Link href={graphHref(query, isAlert)} className={styles.link}>
      <Icon name="graph" size={14} />
      Graph
    </Link>
  );
}
