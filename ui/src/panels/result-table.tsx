// A query's answer as a table; rows are put into the page by the hundred, as they come into sight.
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import type { QueryData } from '../api/answer';
import { labelPairs, NAME_LABEL, quote } from '../api/labels';
import { type ResultRow, resultKind, resultRows } from './result-rows';
import styles from './result-table.module.css';

const CHUNK = 100;

/** Height of a row of one line, for the room that rows not yet in the page take. */
const ROW_HEIGHT = 27;

export function ResultTable({ data }: { data: QueryData }) {
  const chunks = useMemo(() => inChunks(resultRows(data)), [data]);
  if (chunks.length === 0) {
    return <p className={styles.empty}>No series match. The result is empty.</p>;
  }
  return (
    <table className={styles.table} aria-label={`Result: ${resultKind(data)}`}>
      <thead>
        <tr>
          <th scope="col">Series</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      {chunks.map((rows, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: chunks have no identity but their place
        <Chunk key={at} rows={rows} isFirst={at === 0} />
      ))}
    </table>
  );
}

const Chunk = memo(function Chunk({ rows, isFirst }: { rows: ResultRow[]; isFirst: boolean }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [isFilled, setFilled] = useState(isFirst);
  useEffect(() => {
    if (isFilled || !body.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setFilled(true),
      { rootMargin: '1000px' },
    );
    observer.observe(body.current);
    return () => observer.disconnect();
  }, [isFilled]);

  if (isFilled) return <tbody>{rows.map(toRow)}</tbody>;
  return (
    <tbody ref={body} aria-hidden="true">
      <tr>
        <td colSpan={2} style={{ height: rows.length * ROW_HEIGHT }} />
      </tr>
    </tbody>
  );
});

function toRow({ labels, value }: ResultRow, at: number) {
  return (
    <tr key={at}>
      <td>
        {labels ? <Series labels={labels} /> : <span className={styles.none}>no labels</span>}
      </td>
      <td className={styles.value}>{value}</td>
    </tr>
  );
}

/** Selected and copied, this is the selector of the series. */
function Series({ labels }: { labels: Record<string, string> }) {
  const pairs = labelPairs(labels);
  const name = labels[NAME_LABEL];
  return (
    <code className={styles.series}>
      {name && <span className={styles.name}>{name}</span>}
      {(pairs.length > 0 || !name) && '{'}
      <wbr />
      {pairs.map(([label, value], at) => (
        <span key={label}>
          {at > 0 && ', '}
          <span className={styles.label}>{label}</span>=
          <span className={styles.labelValue}>{quote(value)}</span>
        </span>
      ))}
      {(pairs.length > 0 || !name) && '}'}
    </code>
  );
}

function inChunks(rows: ResultRow[]): ResultRow[][] {
  const chunks: ResultRow[][] = [];
  for (let at = 0; at < rows.length; at += CHUNK) chunks.push(rows.slice(at, at + CHUNK));
  return chunks;
}
