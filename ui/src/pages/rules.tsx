// The rules page: every group with its cost, and its rules with how their evaluation went.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useRuleGroups } from '../api/rules';
import { formatValue } from '../charts/units';
import { Group } from '../lists/group';
import { ListBar } from '../lists/list-bar';
import { toggleTerm } from '../lists/search';
import { Windowed } from '../lists/windowed';
import { type ListedGroup, listRules, type RuleFilter } from '../rules/listing';
import { RuleHeading, RuleRow } from '../rules/rule-row';
import { formatAge, readInstant } from '../state/age';
import { useListAddress } from '../state/list-address';
import { refreshPeriod } from '../state/refresh';
import styles from './list-page.module.css';

const STATES: readonly [RuleFilter, string][] = [
  ['all', 'All'],
  ['alerting', 'Alerting'],
  ['recording', 'Recording'],
  ['failing', 'Failing'],
];

const ROW_HEIGHT = 56;

/** Pages with more rules start folded, but for groups with a failing one. */
const FOLD_FROM = 100;

/** A group that takes a larger part of its interval may soon miss an evaluation. */
const COSTLY = 0.5;

export default function Rules() {
  const address = useListAddress('all');
  const { search, refresh, set } = address;
  const state = STATES.find(([value]) => value === address.state)?.[0] ?? 'all';
  const { data, error, again } = useRuleGroups(refreshPeriod(refresh));
  const { groups, counts } = useMemo(
    () => listRules(data ?? [], state, search),
    [data, state, search],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer has its moment
  const now = useMemo(() => Date.now(), [data]);
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const pick = useCallback(
    (term: string) => set('search', toggleTerm(search, term)),
    [set, search],
  );
  useEffect(() => {
    document.title = 'Rules – Narthex';
  }, []);

  const isOpen = (listed: ListedGroup) =>
    chosen.get(keyOf(listed)) ?? (counts.all <= FOLD_FROM || listed.failing > 0);
  return (
    <>
      <ListBar
        label="Filter rules"
        search={search}
        placeholder="job:, node_cpu, many-to-many"
        onSearch={(text) => set('search', text)}
        states={STATES.map(([value, name]) => ({ value, name, count: data && counts[value] }))}
        state={state}
        onState={(next) => set('state', next)}
        refresh={refresh}
        onRefresh={(next) => set('refresh', next)}
        onRefreshNow={again}
      />
      <main className={styles.page}>
        <h1 className={styles.title}>Rules</h1>
        {error && <p className={styles.failure}>{error.message}</p>}
        {data && groups.length === 0 && (
          <p className={styles.note}>
            {data.length > 0
              ? 'No rule fits this filter.'
              : 'There are no rules: no file of rule_files has any.'}
          </p>
        )}
        {groups.map((listed) => (
          <Group
            key={keyOf(listed)}
            title={listed.group.name}
            isOpen={isOpen(listed)}
            onToggle={() => setChosen(new Map([...chosen, [keyOf(listed), !isOpen(listed)]]))}
            summary={<GroupSummary listed={listed} now={now} />}
          >
            <RuleHeading />
            <Windowed
              label={`Rules of ${listed.group.name}`}
              items={listed.rules}
              rowHeight={ROW_HEIGHT}
              row={({ id, rule }) => <RuleRow key={id} rule={rule} now={now} onPick={pick} />}
            />
          </Group>
        ))}
      </main>
    </>
  );
}

function GroupSummary({ listed, now }: { listed: ListedGroup; now: number }) {
  const { group, failing } = listed;
  const share = group.interval > 0 ? group.evaluationTime / group.interval : 0;
  return (
    <>
      {failing > 0 && <span className={styles.bad}>{failing} failing</span>}
      <span>every {formatValue(group.interval, 'seconds')}</span>
      <span>evaluated {formatAge(readInstant(group.lastEvaluation), now)}</span>
      <span className={share >= COSTLY ? styles.warn : undefined}>
        took {formatValue(group.evaluationTime, 'seconds')}
        {share >= COSTLY && `, ${formatValue(share, 'ratio')} of its interval`}
      </span>
      {group.limit > 0 && <span>at most {group.limit.toLocaleString('en')} results</span>}
      <span>{group.file}</span>
    </>
  );
}

function keyOf({ group }: ListedGroup): string {
  return `${group.file};${group.name}`;
}
