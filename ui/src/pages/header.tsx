// The thin bar on top of every page: name, pages, version, colour scheme.
import { Link, useLocation } from 'wouter';
import { useBuildInfo } from '../api/queries';
import mark from '../mark.svg';
import styles from './header.module.css';
import { SchemeToggle } from './scheme-toggle';

const PAGES = [
  ['/machine', 'This machine'],
  ['/query', 'Query'],
  ['/alerts', 'Alerts'],
  ['/rules', 'Rules'],
  ['/targets', 'Targets'],
  ['/service-discovery', 'Service discovery'],
] as const;

export function Header() {
  const [path] = useLocation();
  const build = useBuildInfo();
  return (
    <header className={styles.header}>
      <span className={styles.brand}>
        <img src={mark} alt="" width="20" height="20" />
        <span>Narthex</span>
      </span>
      <nav className={styles.pages} aria-label="Pages">
        {PAGES.map(([href, name]) => (
          <Link key={href} href={href} aria-current={path === href ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <span className={styles.version}>{build?.version}</span>
      <SchemeToggle />
    </header>
  );
}
