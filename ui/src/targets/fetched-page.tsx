// A target's page as it is now: fetched once when it is looked at, with the line at fault marked.
import { Button, Input } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type FetchedPage, useFetchedPage } from '../api/targets';
import { formatValue } from '../charts/units';
import { Icon } from '../panels/icon';
import styles from './fetched-page.module.css';

export function FetchedPageView({ pool, target }: { pool: string; target: string }) {
  const { page, error, isFetching, again } = useFetchedPage(pool, target);
  const [search, setSearch] = useState('');
  return (
    <section className={styles.box} aria-label="Page of the target" aria-busy={isFetching}>
      <header className={styles.head}>
        <span className={styles.summary} role="status">
          {page ? pageSummary(page) : isFetching ? 'Fetching the page…' : ''}
        </span>
        {page && page.text !== '' && (
          <Input
            size="xs"
            type="search"
            aria-label="Only lines with"
            placeholder="Only lines with…"
            leftSection={<Icon name="search" size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        )}
        <Button size="compact-xs" variant="default" loading={isFetching} onClick={again}>
          Fetch again
        </Button>
      </header>
      {error && <p className={styles.error}>{error.message}</p>}
      {page?.error && (
        <p className={styles.error}>
          <strong>
            A scrape of this page fails{page.errorLine && ` at line ${page.errorLine}`}.
          </strong>{' '}
          {page.error.replace(/^line \d+: /, '')}
        </p>
      )}
      {page && page.text !== '' && <PageText page={page} search={search} />}
      {page?.isCut && (
        <p className={styles.cut}>
          The first {formatValue(page.text.length, 'bytes')} of the page; it was read whole.
        </p>
      )}
    </section>
  );
}

function PageText({ page, search }: { page: FetchedPage; search: string }) {
  const mark = useRef<HTMLElement>(null);
  const { before, fault, after } = useMemo(() => splitAtFault(page, search), [page, search]);
  useEffect(() => mark.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className={styles.text} tabIndex={0}>
      {before}
      {fault !== undefined && <mark ref={mark}>{fault}</mark>}
      {after}
    </pre>
  );
}

/** The text around the line at fault, or only the lines that hold what is searched. */
export function splitAtFault(page: FetchedPage, search: string) {
  const lines = page.text.split('\n');
  if (search !== '') {
    const wanted = search.toLowerCase();
    const found = lines.filter((line) => line.toLowerCase().includes(wanted));
    return { before: found.length > 0 ? found.join('\n') : 'No line holds this text.', after: '' };
  }
  const at = (page.errorLine ?? 0) - 1;
  if (at < 0 || at >= lines.length) return { before: page.text, after: '' };
  const join = (part: string[]) => part.map((line) => `${line}\n`).join('');
  return {
    before: join(lines.slice(0, at)),
    fault: lines[at],
    after: `\n${lines.slice(at + 1).join('\n')}`,
  };
}

function pageSummary(page: FetchedPage): string {
  const parts = [`${page.samples.toLocaleString('en')} samples`, formatValue(page.bytes, 'bytes')];
  if (page.transferredBytes < page.bytes) {
    parts.push(`${formatValue(page.transferredBytes, 'bytes')} compressed`);
  }
  parts.push(formatValue(page.duration, 'seconds'));
  if (page.contentType) parts.push(page.contentType);
  return page.text === '' ? '' : parts.join(' · ');
}
