// The page of one machine: its small numbers and its graphs over one shared window of time.
import { NativeSelect } from '@mantine/core';
import { useCallback, useEffect, useMemo } from 'react';
import { useScrapeInterval, useVectors } from '../api/queries';
import { FileSystems } from '../panels/file-systems';
import { Stat } from '../panels/stat';
import { TimeBar } from '../panels/time-bar';
import { TimePanel } from '../panels/time-panel';
import type { View } from '../panels/view';
import { type EditAddress, useAddress } from '../state/address';
import { useClock } from '../state/clock';
import { formatDuration } from '../state/duration';
import {
  chooseMachine,
  MACHINES_EXPR,
  type MachineName,
  machineMatchers,
  readMachines,
} from '../state/machine-choice';
import { readRefresh, refreshPeriod } from '../state/refresh';
import {
  rateWindow,
  readTimeRange,
  relativeRange,
  resolveWindow,
  type TimeRange,
  writeTimeRange,
} from '../state/time-range';
import styles from './machine.module.css';
import { MACHINE_PANELS } from './machine-panels';
import { MACHINE_STATS } from './machine-stats';

const DEFAULT_RANGE = relativeRange('15m');

/** The panel of file systems stands after the disks. */
const FILE_SYSTEMS_AFTER = 'disk-busy';

export default function Machine() {
  const [params, edit] = useAddress();
  const range = useMemo(() => readTimeRange(params, DEFAULT_RANGE), [params]);
  const refresh = readRefresh(params);
  const clock = useClock(range.kind === 'relative' ? refreshPeriod(refresh) : 0);
  const at = range.kind === 'relative' ? clock.now : range.to;
  const { machines, machine, view } = useView(params, range, at);

  const { refresh: catchUp } = clock;
  const setRange = useCallback(
    (next: TimeRange) => {
      // The clock may have stood still for long: a range that ends now means the present.
      if (next.kind === 'relative') catchUp();
      edit((address) => writeTimeRange(next, address));
    },
    [edit, catchUp],
  );
  const zoom = useCallback(
    (from: number, to: number) => setRange({ kind: 'absolute', from, to }),
    [setRange],
  );
  useEffect(() => {
    document.title = machine ? `${machine.host} – Narthex` : 'Narthex';
  }, [machine]);

  return (
    <>
      <TimeBar
        range={range}
        onRange={setRange}
        refresh={refresh}
        onRefresh={(next) => edit((address) => address.set('refresh', next), true)}
        onRefreshNow={catchUp}
      >
        <MachineChoice machines={machines} machine={machine} edit={edit} />
      </TimeBar>
      {/* Another machine starts anew: its panels must never show the last one's data. */}
      <main className={styles.page} key={view.machine}>
        <h1 className={styles.title}>{machine?.host ?? 'This machine'}</h1>
        <dl className={styles.stats}>
          {MACHINE_STATS.map((plan) => (
            <Stat key={plan.id} plan={plan} view={view} />
          ))}
        </dl>
        <div className={styles.panels}>
          {MACHINE_PANELS.flatMap((plan) => [
            <TimePanel key={plan.id} plan={plan} view={view} onZoom={zoom} />,
            plan.id === FILE_SYSTEMS_AFTER && <FileSystems key="file-systems" view={view} />,
          ])}
        </div>
      </main>
    </>
  );
}

function useView(params: URLSearchParams, range: TimeRange, at: number) {
  const listed = useVectors([MACHINES_EXPR], at, true);
  const machines = useMemo(() => readMachines(listed.data?.[0] ?? []), [listed.data]);
  const machine = chooseMachine(machines, params.get('job'), params.get('instance'));
  const { interval, isKnown } = useScrapeInterval(machine?.job ?? 'node');
  const isReady = isKnown && (listed.data !== undefined || listed.error !== null);
  const matchers = machineMatchers(machine, machines);
  const isLive = range.kind === 'relative';
  const view = useMemo<View>(() => {
    const window = resolveWindow(range, at, interval);
    const rate = formatDuration(rateWindow(window.step, interval));
    return { machine: matchers, window, rate, at, isLive, isReady };
  }, [range, at, interval, matchers, isLive, isReady]);
  return { machines, machine, view };
}

interface MachineChoiceProps {
  machines: MachineName[];
  machine: MachineName | undefined;
  edit: EditAddress;
}

/** A choice only where there is one. */
function MachineChoice({ machines, machine, edit }: MachineChoiceProps) {
  if (machines.length < 2) return <>{machine?.instance}</>;
  return (
    <NativeSelect
      size="xs"
      aria-label="Machine"
      className={styles.choice}
      value={machine ? machines.indexOf(machine) : -1}
      data={machines.map(({ host, job, instance }, at) => ({
        value: String(at),
        label: `${host} (${job}, ${instance})`,
      }))}
      onChange={(event) => {
        const chosen = machines[Number(event.currentTarget.value)];
        if (!chosen) return;
        edit((address) => {
          address.set('job', chosen.job);
          address.set('instance', chosen.instance);
        });
      }}
    />
  );
}
