// The thin bar on top of every page: name, pages, version, colour scheme.
import { useEffect, useRef } from 'react';
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
  const pages = useRef<HTMLElement>(null);
  // On a narrow screen the names of the pages scroll; the one on show must be among those in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path says which page is on show
  useEffect(() => {
    const current = pages.current?.querySelector('[aria-current]');
    current?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [path]);
  return (
    <header className={styles.header}>
      <span className={styles.brand}>
        <img src={mark} alt="" width="20" height="20" />
        <span>Narthex</span>
      </span>
      <nav ref={pages} className={styles.pages} aria-label="Pages">
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
