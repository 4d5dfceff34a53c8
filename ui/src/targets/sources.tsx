// Where a job has its targets from: each source, how it does, and what is wrong with it.
import type { Source, SourceHealth } from '../api/targets';
import { StateMark, type Tone } from '../lists/state-mark';
import { formatAge, readInstant } from '../state/age';
import styles from './sources.module.css';

const MARKS: Record<SourceHealth, [Tone, string]> = {
  good: ['good', 'works'],
  waiting: ['quiet', 'waiting'],
  failing: ['bad', 'fails'],
  lacking: ['bad', 'lacking'],
};

/** The sources that somebody has to look at. */
export function inTrouble(sources: Source[]): Source[] {
  return sources.filter(({ health }) => health === 'failing' || health === 'lacking');
}

/** The same in a few words; empty where all is well. */
export function troubleText(sources: Source[]): string {
  const trouble = inTrouble(sources);
  const [only] = trouble;
  if (!only) return '';
  if (trouble.length > 1) return `${trouble.length} sources without an answer`;
  return only.health === 'lacking' ? `${only.mechanism} is lacking` : `${only.mechanism} fails`;
}

export interface SourcesProps {
  pool: string;
  sources: Source[];
  /** By the server's clock. */
  now: number;
}

/** Targets of the configuration itself need no word, unless there are others beside them. */
export function Sources({ pool, sources, now }: SourcesProps) {
  if (sources.every(({ mechanism }) => mechanism === 'static')) return null;
  const keyed = sources.map((source, at) => ({ source, key: `${at} ${source.mechanism}` }));
  return (
    <ul className={styles.sources} aria-label={`Sources of ${pool}`}>
      {keyed.map(({ source, key }) => (
        <SourceRow key={key} source={source} now={now} />
      ))}
    </ul>
  );
}

function SourceRow({ source, now }: { source: Source; now: number }) {
  const { mechanism, health, targets, lastRefresh, lastError } = source;
  const [tone, word] = MARKS[health];
  const isAsked = mechanism !== 'static' && health !== 'lacking';
  return (
    <li className={styles.source}>
      <StateMark tone={tone}>{word}</StateMark>
      <code className={styles.mechanism}>{mechanism}</code>
      <span className={styles.facts}>
        <span>{targets.toLocaleString('en')} found</span>
        {isAsked && <span>{answeredText(lastRefresh, now)}</span>}
      </span>
      {lastError !== undefined && <p className={styles.error}>{lastError}</p>}
    </li>
  );
}

function answeredText(lastRefresh: string, now: number): string {
  const time = readInstant(lastRefresh);
  return time === undefined ? 'never answered' : `answered ${formatAge(time, now)}`;
}
