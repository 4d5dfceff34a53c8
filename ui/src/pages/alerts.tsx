// The alerts page: every alerting rule in a line, what fires on top.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useRuleGroups } from '../api/rules';
import { ListBar } from '../lists/list-bar';
import { toggleTerm } from '../lists/search';
import { Windowed } from '../lists/windowed';
import { AlertRow } from '../rules/alert-row';
import { type AlertFilter, listAlerts } from '../rules/listing';
import { useListAddress } from '../state/list-address';
import { refreshPeriod } from '../state/refresh';
import styles from './list-page.module.css';
import cards from './rules.module.css';

const STATES: readonly [AlertFilter, string][] = [
  ['all', 'All'],
  ['firing', 'Firing'],
  ['pending', 'Pending'],
  ['inactive', 'Inactive'],
  ['unknown', 'Unknown'],
  ['failing', 'Failing'],
];

const ROW_HEIGHT = 35;

export default function Alerts() {
  const address = useListAddress('all');
  const { search, refresh, set } = address;
  const state = STATES.find(([value]) => value === address.state)?.[0] ?? 'all';
  const { data, error, again } = useRuleGroups(refreshPeriod(refresh), 'alert');
  const { alerts, counts } = useMemo(
    () => listAlerts(data ?? [], state, search),
    [data, state, search],
  );
  // Ages are told as of the answer: a clock of its own would only make the page restless.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer has its moment
  const now = useMemo(() => Date.now(), [data]);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
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
    document.title = counts.firing > 0 ? `(${counts.firing}) Alerts – Narthex` : 'Alerts – Narthex';
  }, [counts.firing]);

  return (
    <>
      <ListBar
        label="Filter alerts"
        search={search}
        placeholder='Disk, severity="critical", -test'
        onSearch={(text) => set('search', text)}
        states={STATES.filter(([value]) => value !== 'unknown' || counts.unknown > 0).map(
          ([value, name]) => ({ value, name, count: data && counts[value] }),
        )}
        state={state}
        onState={(next) => set('state', next)}
        refresh={refresh}
        onRefresh={(next) => set('refresh', next)}
        onRefreshNow={again}
      />
      <main className={styles.page}>
        <h1 className={styles.title}>Alerts</h1>
        {error && <p className={styles.failure}>{error.message}</p>}
        {data && alerts.length === 0 && (
          <p className={styles.note}>
            {counts.all > 0 || search !== ''
              ? 'No alert fits this filter.'
              : 'There are no alerting rules: no file of rule_files has any.'}
          </p>
        )}
        {alerts.length > 0 && (
          <div className={cards.card}>
            <Windowed
              label="Alerting rules"
              items={alerts}
              rowHeight={ROW_HEIGHT}
              row={({ id, rule, group }) => (
                <AlertRow
                  key={id}
                  id={id}
                  rule={rule}
                  group={group}
                  now={now}
                  isOpen={opened.has(id)}
                  onToggle={toggle}
                  onPick={pick}
                />
              )}
            />
          </div>
        )}
      </main>
    </>
  );
}
