// The small numbers on top of the machine page: their queries, and how answers are read.
import type { InstantSeries, Labels } from '../api/answer';
import { formatValue } from '../charts/units';
import type { StatPlan, StatReading } from '../panels/stat-plan';
import { formatInstant } from '../state/instant';

export const MACHINE_STATS: StatPlan[] = [
  {
    id: 'host',
    title: 'Host',
    exprs: ['node_uname_info{$machine}', 'node_os_info{$machine}'],
    read: ([uname, os]) => {
      const host = labelsOf(uname);
      if (!host) return undefined;
      const kernel = `${host.sysname ?? ''} ${host.release ?? ''}`.trim();
      return { value: host.nodename ?? '', detail: labelsOf(os)?.pretty_name || kernel };
    },
  },
  {
    id: 'uptime',
    title: 'Up for',
    exprs: ['node_boot_time_seconds{$machine}'],
    read: ([boot], at) => {
      const since = numberOf(boot);
      if (since === undefined) return undefined;
      return {
        value: formatValue(Math.max(0, at / 1000 - since), 'seconds'),
        detail: `since ${formatInstant(since * 1000).slice(0, 16)}`,
      };
    },
  },
  {
    id: 'cpu',
    title: 'CPU busy',
    exprs: [
      '1 - avg(rate(node_cpu_seconds_total{$machine,mode="idle"}[$rate]))',
      'count(count by (cpu) (node_cpu_seconds_total{$machine}))',
    ],
    read: ([busy, cores]) => {
      const share = numberOf(busy);
      if (share === undefined) return undefined;
      return { value: formatValue(share, 'ratio'), detail: coresText(numberOf(cores)), share };
    },
  },
  {
    id: 'memory',
    title: 'Memory used',
    exprs: ['node_memory_MemAvailable_bytes{$machine}', 'node_memory_MemTotal_bytes{$machine}'],
    read: ([available, total]) => usage(numberOf(available), numberOf(total)),
  },
  {
    id: 'load',
    title: 'Load 1 · 5 · 15 min',
    exprs: [
      'node_load1{$machine}',
      'node_load5{$machine}',
      'node_load15{$machine}',
      'count(count by (cpu) (node_cpu_seconds_total{$machine}))',
    ],
    read: ([one, five, fifteen, counted]) => {
      const loads = [one, five, fifteen].map(numberOf);
      const [latest] = loads;
      if (latest === undefined) return undefined;
      const cores = numberOf(counted);
      return {
        value: loads.map((load) => load?.toFixed(2) ?? '–').join(' · '),
        detail: `on ${coresText(cores)}`,
        ...(cores ? { share: latest / cores } : {}),
      };
    },
  },
  {
    id: 'root',
    title: 'Root file system',
    exprs: [
      'node_filesystem_avail_bytes{$machine,mountpoint="/",fstype!="rootfs"}',
      'node_filesystem_size_bytes{$machine,mountpoint="/",fstype!="rootfs"}',
    ],
    read: ([available, size]) => usage(numberOf(available), numberOf(size)),
  },
];

function usage(available: number | undefined, total: number | undefined): StatReading | undefined {
  if (available === undefined || !total) return undefined;
  const used = total - available;
  const share = used / total;
  return {
    value: formatValue(share, 'ratio'),
    detail: `${formatValue(used, 'bytes')} of ${formatValue(total, 'bytes')}`,
    share,
  };
}

function coresText(cores: number | undefined): string {
  if (cores === undefined) return 'cores unknown';
  return cores === 1 ? '1 core' : `${cores} cores`;
}

function numberOf(vector: InstantSeries[] | undefined): number | undefined {
  const text = vector?.[0]?.value?.[1];
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? undefined : value;
}

function labelsOf(vector: InstantSeries[] | undefined): Labels | undefined {
  return vector?.[0]?.metric;
}
