// The targets page: everything that is scraped, job by job, the worst first.
import { NativeSelect } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type Target, useOverview, usePoolConfig } from '../api/targets';
import { Group } from '../lists/group';
import { ListBar } from '../lists/list-bar';
import { toggleTerm } from '../lists/search';
import { Windowed } from '../lists/windowed';
import { useListAddress } from '../state/list-address';
import { refreshPeriod } from '../state/refresh';
import { filterTargets, type PoolRows, type TargetState } from '../targets/filter';
import { FACT_NAMES, TargetRow } from '../targets/target-row';
import rowStyles from '../targets/target-row.module.css';
import { NEAR, poolUsage } from '../targets/usage';
import styles from './list-page.module.css';

const STATES: readonly [TargetState, string][] = [
  ['all', 'All'],
  ['up', 'Up'],
  ['down', 'Down'],
  ['unknown', 'Unknown'],
  ['near', 'Near limits'],
];

/** Pools of a larger page start folded, but for those that have something to show. */
const FOLD_FROM = 300;

const ROW_HEIGHT = 53;

export default function Targets() {
  const address = useListAddress('all');
  const { search, pool, refresh, set } = address;
  const state = STATES.find(([value]) => value === address.state)?.[0] ?? 'all';
  const { data, error, again } = useOverview(refreshPeriod(refresh));
  const filtered = useMemo(
    () => filterTargets(data?.pools ?? [], data?.targets ?? [], { state, pool, search }),
    [data, state, pool, search],
  );
  const folds = useFolds(
    (data?.targets.length ?? 0) <= FOLD_FROM || state !== 'all' || search !== '',
  );
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(({ id }: Target) => {
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const pick = useCallback(
    (term: string) => set('search', toggleTerm(search, term)),
    [set, search],
  );
  useEffect(() => {
    document.title = 'Targets – Narthex';
  }, []);

  const now = data ? Date.parse(data.time) : 0;
  return (
    <>
      <ListBar
        label="Filter targets"
        search={search}
        placeholder='web-1, zone="north", refused, -test'
        onSearch={(text) => set('search', text)}
        states={STATES.map(([value, name]) => ({
          value,
          name,
          count: data && filtered.counts[value],
        }))}
        state={state}
        onState={(next) => set('state', next)}
        refresh={refresh}
        onRefresh={(next) => set('refresh', next)}
        onRefreshNow={again}
      >
        <NativeSelect
          size="xs"
          aria-label="Job"
          value={pool}
          data={[
            { value: '', label: 'All jobs' },
            ...(data?.pools ?? []).map(({ name }) => ({ value: name, label: name })),
          ]}
          onChange={(event) => set('pool', event.currentTarget.value)}
        />
      </ListBar>
      <main className={styles.page}>
        <h1 className={styles.title}>Targets</h1>
        {error && <p className={styles.failure}>{error.message}</p>}
        {data && filtered.pools.length === 0 && <Nothing hasPools={data.pools.length > 0} />}
        {filtered.pools.map((rows) => (
          <PoolGroup
            key={rows.pool.name}
            rows={rows}
            now={now}
            isOpen={folds.isOpen(rows)}
            onFold={() => folds.toggle(rows)}
            opened={opened}
            onToggle={toggle}
            onPick={pick}
          />
        ))}
      </main>
    </>
  );
}

function Nothing({ hasPools }: { hasPools: boolean }) {
  return (
    <p className={styles.note}>
      {hasPools
        ? 'No target fits this filter.'
        : 'The configuration has no scrape_configs, so nothing is scraped.'}
    </p>
  );
}

/** What somebody folded stays so; the others are open when there is something bad in them. */
function useFolds(isOpenByDefault: boolean) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const isOpen = ({ pool, targets }: PoolRows) =>
    chosen.get(pool.name) ?? (isOpenByDefault || targets.some(({ health }) => health === 'down'));
  const toggle = (rows: PoolRows) =>
    setChosen(new Map([...chosen, [rows.pool.name, !isOpen(rows)]]));
  return { isOpen, toggle };
}

interface PoolGroupProps {
  rows: PoolRows;
  now: number;
  isOpen: boolean;
  onFold: () => void;
  opened: ReadonlySet<string>;
  onToggle: (target: Target) => void;
  onPick: (term: string) => void;
}

function PoolGroup({ rows, now, isOpen, onFold, opened, onToggle, onPick }: PoolGroupProps) {
  const { pool, targets, up } = rows;
  const [showsConfig, setShowsConfig] = useState(false);
  const config = usePoolConfig(pool.name, showsConfig);
  const usage = poolUsage(pool);
  return (
    <Group
      title={pool.name}
      isOpen={isOpen}
      onToggle={onFold}
      summary={
        <>
          <span className={up < pool.targets ? styles.bad : undefined}>
            {pool.targets === 0
              ? 'no targets'
              : `${up.toLocaleString('en')} of ${pool.targets.toLocaleString('en')} up`}
          </span>
          <span>every {pool.scrapeInterval}</span>
          {usage && (
            <span className={usage.share >= NEAR ? styles.warn : undefined}>
              {usage.text} targets allowed
            </span>
          )}
          {pool.dropped > 0 && (
            <Link
              href={`/service-discovery?${new URLSearchParams({ pool: pool.name, state: 'dropped' })}`}
            >
              {pool.dropped.toLocaleString('en')} dropped by relabeling
            </Link>
          )}
          <button
            type="button"
            className={styles.config}
            aria-expanded={showsConfig}
            onClick={() => {
              setShowsConfig(!showsConfig);
              if (!isOpen) onFold();
            }}
          >
            Settings
          </button>
        </>
      }
    >
      {showsConfig && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre className={styles.yaml} tabIndex={0}>
          {config.error?.message ?? config.data}
        </pre>
      )}
      {targets.length === 0 ? (
        <p className={styles.empty}>
          {pool.dropped > 0
            ? 'No targets: relabeling dropped everything that was discovered.'
            : 'No targets: nothing was discovered.'}{' '}
          <Link href={`/service-discovery?${new URLSearchParams({ pool: pool.name })}`}>Why</Link>
        </p>
      ) : (
        <>
          <Heading />
          <Windowed
            label={`Targets of ${pool.name}`}
            items={targets}
            rowHeight={ROW_HEIGHT}
            row={(target) => (
              <TargetRow
                key={target.id}
                target={target}
                pool={pool}
                now={now}
                isOpen={opened.has(target.id)}
                onToggle={onToggle}
                onPick={onPick}
              />
            )}
          />
        </>
      )}
    </Group>
  );
}

/** For the eye only: each number of a row has its name beside it. */
function Heading() {
  return (
    <div className={rowStyles.head} aria-hidden="true">
      <span>State</span>
      <span>Endpoint and labels</span>
      <span className={rowStyles.factNames}>
        {FACT_NAMES.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </span>
    </div>
  );
}
