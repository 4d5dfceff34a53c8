// What the server wants somebody to look at, as a band below the header on every page.
import { useState } from 'react';
import { useNotices } from '../api/notices';
import { Icon } from '../panels/icon';
import styles from './notices.module.css';

/** More than these are folded behind their number. */
const SHOWN = 2;

export function Notices() {
  const notices = useNotices();
  const [closed, setClosed] = useState('');
  const [isOpen, setOpen] = useState(false);
  const all = JSON.stringify(notices.map(({ text }) => text));
  if (notices.length === 0 || closed === all) return null;
  const shown = isOpen ? notices : notices.slice(0, SHOWN);
  const more = notices.length - shown.length;
  return (
    <aside className={styles.band} aria-label="Notices" role="status">
      <Icon name="warning" size={15} />
      <ul className={styles.list}>
        {shown.map(({ text, date }) => (
          <li key={`${date} ${text}`}>{text}</li>
        ))}
        {more > 0 && (
          <li>
            <button type="button" onClick={() => setOpen(true)}>
              {more} more
            </button>
          </li>
        )}
      </ul>
      <button
        type="button"
        className={styles.close}
        aria-label="Hide these notices"
        title="Hide these notices"
        onClick={() => setClosed(all)}
      >
        <Icon name="close" size={14} />
      </button>
    </aside>
  );
}
