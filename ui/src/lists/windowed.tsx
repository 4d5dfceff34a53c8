// A long list of which only what is on screen or near it is in the page.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import styles from './windowed.module.css';

const CHUNK = 40;

/** Far enough that scrolling meets no gap. */
const AHEAD = '1200px';

export interface WindowedProps<T> {
  label: string;
  items: readonly T[];
  /** Height of a usual row, for the room that rows not yet in the page take. */
  rowHeight: number;
  /** One `li` for each item. */
  row: (item: T) => ReactNode;
}

export function Windowed<T>({ label, items, rowHeight, row }: WindowedProps<T>) {
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += CHUNK) chunks.push(items.slice(at, at + CHUNK));
  return chunks.map((rows, at) => (
    <Chunk
      // biome-ignore lint/suspicious/noArrayIndexKey: chunks have no identity but their place
      key={at}
      label={chunks.length === 1 ? label : `${label}, part ${at + 1} of ${chunks.length}`}
      isFirst={at === 0}
      estimate={rows.length * rowHeight}
    >
      {() => rows.map(row)}
    </Chunk>
  ));
}

interface ChunkProps {
  label: string;
  isFirst: boolean;
  estimate: number;
  children: () => ReactNode;
}

function Chunk({ label, isFirst, estimate, children }: ChunkProps) {
  const holder = useRef<HTMLUListElement>(null);
  const measured = useRef<number | undefined>(undefined);
  const [isNear, setNear] = useState(isFirst);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        const isNearNow = entries.at(-1)?.isIntersecting ?? false;
        // Whoever works in a row keeps it, however far it is scrolled away.
        if (!isNearNow && element.contains(document.activeElement)) return;
        if (!isNearNow && element.childElementCount > 0) measured.current = element.offsetHeight;
        setNear(isNearNow);
      },
      { rootMargin: AHEAD },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <ul
      ref={holder}
      className={styles.rows}
      aria-label={label}
      aria-hidden={!isNear || undefined}
      style={isNear ? undefined : { height: measured.current ?? estimate }}
    >
      {isNear && children()}
    </ul>
  );
}
