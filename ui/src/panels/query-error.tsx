// An API error in full: what went wrong, where in the expression, and that place marked.
import type { LocatedError } from '../api/error-position';
import { ApiError } from '../api/request';
import styles from './query-error.module.css';

export interface QueryErrorProps {
  error: Error;
  located: LocatedError | undefined;
  expr: string;
}

const HEADINGS: Record<string, string> = {
  bad_data: 'The query was refused',
  execution: 'The query failed while it ran',
  timeout: 'The query took too long',
  canceled: 'The query was cancelled',
  unreachable: 'No answer',
  unreadable: 'An answer that is not one',
};

export function QueryError({ error, located, expr }: QueryErrorProps) {
  const kind = error instanceof ApiError ? error.kind : '';
  const heading = located ? 'The expression has an error' : HEADINGS[kind];
  return (
    <div className={styles.box} role="alert">
      <strong>{heading ?? 'The query failed'}</strong>
      {located && (
        <span className={styles.place}>
          line {located.line}, column {located.column}
        </span>
      )}
      <p>{located?.text ?? error.message}</p>
      {located && expr !== '' && (
        <pre className={styles.excerpt}>
          {expr.slice(0, located.from)}
          <mark>{expr.slice(located.from, located.to)}</mark>
          {expr.slice(located.to)}
        </pre>
      )}
    </div>
  );
}

/** What the server remarks about an answer that it gave. */
export function QueryNotes({ warnings, infos }: { warnings: string[]; infos: string[] }) {
  return (
    <>
      {warnings.length > 0 && (
        <ul className={styles.warnings} aria-label="Warnings">
          {warnings.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      {infos.length > 0 && (
        <ul className={styles.infos} aria-label="Remarks">
          {infos.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </>
  );
}
