// Annotations with their links to follow.
import type { Labels } from '../api/answer';
import styles from './annotations.module.css';

export function Annotations({ annotations }: { annotations: Labels | undefined }) {
  const entries = Object.entries(annotations ?? {});
  if (entries.length === 0) return null;
  return (
    <dl className={styles.annotations}>
      {entries.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{isLink(text) ? <a href={text}>{text}</a> : text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Nothing else than a web address becomes a link, whatever a label may hold. */
export function isLink(text: string): boolean {
  return /^https?:\/\/[^\s"'<>]+$/.test(text);
}
