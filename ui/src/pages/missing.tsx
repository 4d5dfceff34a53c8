// The page for an address that leads nowhere.
import { Link } from 'wouter';
import styles from './missing.module.css';

export function Missing() {
  return (
    <main className={styles.missing}>
      <h1>There is no such page</h1>
      <p>
        Try <Link href="/machine">this machine</Link> or <Link href="/query">a query</Link>.
      </p>
    </main>
  );
}
