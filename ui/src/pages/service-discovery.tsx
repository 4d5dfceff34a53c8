// The service discovery page: everything that was discovered, and why it is a target or not.
import { NativeSelect } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Shown } from '../api/queries';
import {
  type Discovered,
  type Pool,
  type Source,
  useDiscovered,
  useOverview,
  useSources,
} from '../api/targets';
import { Group } from '../lists/group';
import { ListBar, type StateChoice } from '../lists/list-bar';
import { Windowed } from '../lists/windowed';
import { useListAddress } from '../state/list-address';
import { refreshPeriod } from '../state/refresh';
import { DiscoveredRow } from '../targets/discovered-row';
import { inTrouble, Sources, troubleText } from '../targets/sources';
import styles from './list-page.module.css';

const STATES: StateChoice[] = [
  { value: 'all', name: 'All', count: undefined },
  { value: 'target', name: 'Targets', count: undefined },
  { value: 'dropped', name: 'Dropped', count: undefined },
  { value: 'failed', name: 'Failed', count: undefined },
  { value: 'duplicate', name: 'Repeated', count: undefined },
];

const ROW_HEIGHT = 53;

/** So many jobs are small enough together to be open from the start. */
const OPEN_UP_TO = 200;

export default function ServiceDiscovery() {
  const address = useListAddress('all');
  const { search, pool, refresh, set } = address;
  const state = STATES.find(({ value }) => value === address.state)?.value ?? 'all';
  const period = refreshPeriod(refresh);
  const { data, error, again } = useOverview(period);
  const sources = useSources(period);
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  useEffect(() => {
    document.title = 'Service discovery – Narthex';
  }, []);

  const pools = data?.pools ?? [];
  const shown = pools.filter(({ name }) => pool === '' || pool === name);
  const size = shown.reduce((sum, { targets, dropped }) => sum + targets + dropped, 0);
  const sourcesOf = ({ name }: Pool) =>
    (sources.data ?? []).filter(({ scrapePool }) => scrapePool === name);
  const isOpen = (job: Pool) =>
    chosen.get(job.name) ??
    (size <= OPEN_UP_TO ||
      shown.length === 1 ||
      job.name === shown[0]?.name ||
      inTrouble(sourcesOf(job)).length > 0);
  return (
    <>
      <ListBar
        label="Filter what was discovered"
        search={search}
        placeholder="part of a label's value"
        onSearch={(text) => set('search', text)}
        states={STATES}
        state={state}
        onState={(next) => set('state', next)}
        refresh={refresh}
        onRefresh={(next) => set('refresh', next)}
        onRefreshNow={() => {
          again();
          sources.again();
        }}
      >
        <NativeSelect
          size="xs"
          aria-label="Job"
          value={pool}
          data={[
            { value: '', label: 'All jobs' },
            ...pools.map(({ name }) => ({ value: name, label: name })),
          ]}
          onChange={(event) => set('pool', event.currentTarget.value)}
        />
      </ListBar>
      <main className={styles.page}>
        <h1 className={styles.title}>Service discovery</h1>
        {error && <p className={styles.failure}>{error.message}</p>}
        {sources.error && <p className={styles.failure}>{sources.error.message}</p>}
        {data && pools.length === 0 && (
          <p className={styles.note}>
            The configuration has no scrape_configs, so nothing is discovered.
          </p>
        )}
        {shown.map((job) => (
          <DiscoveredGroup
            key={job.name}
            pool={job}
            sources={sourcesOf(job)}
            now={data ? Date.parse(data.time) : 0}
            outcome={state === 'all' ? '' : state}
            search={search}
            period={period}
            isOpen={isOpen(job)}
            onFold={() => setChosen(new Map([...chosen, [job.name, !isOpen(job)]]))}
          />
        ))}
      </main>
    </>
  );
}

interface DiscoveredGroupProps {
  pool: Pool;
  sources: Source[];
  now: number;
  outcome: string;
  search: string;
  period: number;
  isOpen: boolean;
  onFold: () => void;
}

function DiscoveredGroup(props: DiscoveredGroupProps) {
  const { pool, sources, outcome, search, isOpen } = props;
  const asked = useDiscovered(pool.name, outcome, search, props.period, isOpen);
  const counts = asked.data?.counts;
  const trouble = troubleText(sources);
  return (
    <Group
      title={pool.name}
      isOpen={isOpen}
      onToggle={props.onFold}
      summary={
        <>
          <span>{count(pool.targets, 'target')}</span>
          <span>{pool.dropped.toLocaleString('en')} dropped</span>
          {trouble !== '' && <span className={styles.bad}>{trouble}</span>}
          {counts !== undefined && counts.failed > 0 && (
            <span className={styles.bad}>{counts.failed.toLocaleString('en')} failed</span>
          )}
          {counts !== undefined && counts.duplicate > 0 && (
            <span className={styles.warn}>{counts.duplicate.toLocaleString('en')} repeated</span>
          )}
        </>
      }
    >
      <Sources pool={pool.name} sources={sources} now={props.now} />
      <DiscoveredList asked={asked} pool={pool.name} isFiltered={outcome !== '' || search !== ''} />
    </Group>
  );
}

interface DiscoveredListProps {
  asked: Shown<Discovered>;
  pool: string;
  isFiltered: boolean;
}

function DiscoveredList({ asked: { data, error }, pool, isFiltered }: DiscoveredListProps) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  if (error) return <p className={styles.failure}>{error.message}</p>;
  if (!data) return <p className={styles.empty}>Asking…</p>;
  if (data.targets.length === 0) {
    return (
      <p className={styles.empty}>
        {isFiltered ? 'Nothing here fits this filter.' : 'Nothing was discovered.'}
      </p>
    );
  }
  const rows = data.targets.map((found, at) => ({
    found,
    id: `${at} ${JSON.stringify(found.discoveredLabels)}`,
  }));
  return (
    <>
      <Windowed
        label={`Discovered for ${pool}`}
        items={rows}
        rowHeight={ROW_HEIGHT}
        row={({ found, id }) => (
          <DiscoveredRow
            key={id}
            id={id}
            pool={pool}
            found={found}
            rules={data.rules}
            isOpen={opened.has(id)}
            onToggle={toggle}
          />
        )}
      />
      {data.matching > data.targets.length && (
        <p className={styles.empty}>
          The first {data.targets.length.toLocaleString('en')} of{' '}
          {data.matching.toLocaleString('en')}; a filter shows the others.
        </p>
      )}
    </>
  );
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
