// One scraped target: how it stands, where it is, what its last scrape cost, and on request its page.
import { memo } from 'react';
import { Link } from 'wouter';
import type { Health, Pool, Target } from '../api/targets';
import { formatValue } from '../charts/units';
import { LabelSet } from '../lists/label-set';
import { StateMark, type Tone } from '../lists/state-mark';
import { Icon } from '../panels/icon';
import { Meter } from '../panels/meter';
import { formatAge, readInstant } from '../state/age';
import { formatInstant } from '../state/instant';
import { FetchedPageView } from './fetched-page';
import styles from './target-row.module.css';
import { NEAR, targetUsages, type Usage } from './usage';

const TONES: Record<Health, Tone> = { up: 'good', down: 'bad', unknown: 'quiet' };

export interface TargetRowProps {
  target: Target;
  pool: Pool;
  /** The server's time when this was told. */
  now: number;
  isOpen: boolean;
  onToggle: (target: Target) => void;
  onPick: (term: string) => void;
}

export const TargetRow = memo(function TargetRow(props: TargetRowProps) {
  const { target, pool, now, isOpen } = props;
  const usages = targetUsages(target, pool);
  const near = usages.filter(({ share }) => share >= NEAR);
  const isWarned = near.length > 0 || Boolean(target.lastWarning);
  const tone = target.health === 'up' && isWarned ? 'warn' : TONES[target.health];
  return (
    <li className={styles.row}>
      <div className={styles.state}>
        <StateMark tone={tone}>{target.health}</StateMark>
      </div>
      <div className={styles.endpoint}>
        <a href={target.scrapeUrl} target="_blank" rel="noreferrer" className={styles.url}>
          {target.scrapeUrl}
        </a>
        <LabelSet labels={target.labels} onPick={props.onPick} />
      </div>
      <Facts target={target} now={now} />
      <button
        type="button"
        className={styles.open}
        aria-expanded={isOpen}
        title="Limits, and the page as it is now"
        onClick={() => props.onToggle(target)}
      >
        <Icon name="page" size={14} />
        Look
      </button>
      {target.lastError && <p className={styles.error}>{target.lastError}</p>}
      {target.lastWarning && <p className={styles.warning}>{target.lastWarning}</p>}
      {near.length > 0 && (
        <p className={styles.warning}>
          {near.some(({ share }) => share >= 1) ? 'At a limit: ' : 'Near a limit: '}
          {near.map(({ name, text }) => `${name} ${text}`).join(', ')}
        </p>
      )}
      {isOpen && <Details target={target} usages={usages} />}
    </li>
  );
});

export const FACT_NAMES = ['Last scrape', 'Took', 'Every', 'Samples', 'Page'] as const;

function Facts({ target, now }: { target: Target; now: number }) {
  const last = readInstant(target.lastScrape);
  const isKnown = last !== undefined;
  const values = [
    formatAge(last, now),
    isKnown ? formatValue(target.lastScrapeDuration, 'seconds') : '–',
    target.scrapeInterval,
    isKnown ? target.samples.toLocaleString('en') : '–',
    isKnown ? formatValue(target.bodyBytes, 'bytes') : '–',
  ];
  const titles = [
    last === undefined ? undefined : formatInstant(last),
    `Timeout ${target.scrapeTimeout}`,
    undefined,
    target.samples === target.samplesKept
      ? undefined
      : `${target.samplesKept.toLocaleString('en')} after metric relabeling`,
  ];
  return (
    <dl className={styles.facts}>
      {FACT_NAMES.map((name, at) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={titles[at]}>{values[at]}</dd>
        </div>
      ))}
    </dl>
  );
}

function Details({ target, usages }: { target: Target; usages: Usage[] }) {
  const search = new URLSearchParams({
    pool: target.scrapePool,
    search: target.labels.instance ?? '',
  });
  return (
    <div className={styles.details}>
      {usages.length > 0 && (
        <dl className={styles.usages}>
          {usages.map(({ name, share, text }) => (
            <div key={name}>
              <dt>Limit of {name}</dt>
              <dd>
                {text}
                <Meter share={share} label={`${name} used`} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p className={styles.origin}>
        <Link href={`/service-discovery?${search}`}>How discovery and relabeling made it</Link>
      </p>
      <FetchedPageView pool={target.scrapePool} target={target.id} />
    </div>
  );
}
