// What the machine page draws: every panel with its queries. `$machine` and `$rate` are filled in later.
import { QUIET } from '../charts/palette';
import type { PanelPlan } from '../panels/plan';

const DISKS = '$machine,device!~"loop.*|ram.*|zram.*|sr.*|fd.*"';
const INTERFACES = '$machine,device!~"lo|veth.*|ifb.*|cali.*|lxc.*"';

export const MACHINE_PANELS: PanelPlan[] = [
  {
    id: 'cpu',
    title: 'CPU by mode',
    unit: 'ratio',
    isStacked: true,
    max: 1,
    foldsZero: true,
    order: {
      label: 'mode',
      values: ['user', 'system', 'iowait', 'steal', 'softirq', 'irq', 'nice'],
    },
    queries: [
      {
        expr: 'avg by (mode) (rate(node_cpu_seconds_total{$machine,mode!="idle"}[$rate]))',
        name: '{{mode}}',
      },
    ],
  },
  {
    id: 'memory',
    title: 'Memory',
    unit: 'bytes',
    isStacked: true,
    queries: [
      {
        expr:
          'node_memory_MemTotal_bytes{$machine} - node_memory_MemFree_bytes{$machine}' +
          ' - node_memory_Buffers_bytes{$machine} - node_memory_Cached_bytes{$machine}' +
          ' - node_memory_SReclaimable_bytes{$machine}',
        name: 'used',
      },
      {
        expr:
          'node_memory_Buffers_bytes{$machine} + node_memory_Cached_bytes{$machine}' +
          ' + node_memory_SReclaimable_bytes{$machine}',
        name: 'buffers + cache',
        colour: 5,
      },
      { expr: 'node_memory_MemFree_bytes{$machine}', name: 'free', colour: QUIET },
      {
        expr: 'node_memory_MemTotal_bytes{$machine}',
        name: 'total',
        isOverlay: true,
        isDashed: true,
        colour: QUIET,
      },
    ],
  },
  {
    id: 'load',
    title: 'Load average',
    unit: 'short',
    queries: [
      { expr: 'node_load1{$machine}', name: '1 min' },
      { expr: 'node_load5{$machine}', name: '5 min' },
      { expr: 'node_load15{$machine}', name: '15 min' },
      {
        expr: 'count(count by (cpu) (node_cpu_seconds_total{$machine}))',
        name: 'cores',
        isDashed: true,
        colour: QUIET,
      },
    ],
  },
  {
    id: 'network',
    title: 'Network',
    unit: 'bytesPerSecond',
    foldsZero: true,
    queries: [
      {
        expr: `rate(node_network_receive_bytes_total{${INTERFACES}}[$rate])`,
        name: '{{device}} received',
      },
      {
        expr: `rate(node_network_transmit_bytes_total{${INTERFACES}}[$rate])`,
        name: '{{device}} sent',
        isNegative: true,
      },
    ],
  },
  {
    id: 'disk-throughput',
    title: 'Disk throughput',
    unit: 'bytesPerSecond',
    foldsZero: true,
    queries: [
      { expr: `rate(node_disk_read_bytes_total{${DISKS}}[$rate])`, name: '{{device}} read' },
      {
        expr: `rate(node_disk_written_bytes_total{${DISKS}}[$rate])`,
        name: '{{device}} written',
        isNegative: true,
      },
    ],
    absence: 'A container or a machine without block devices has none.',
  },
  {
    id: 'disk-busy',
    title: 'Disk busy',
    unit: 'ratio',
    max: 1,
    queries: [
      { expr: `rate(node_disk_io_time_seconds_total{${DISKS}}[$rate])`, name: '{{device}}' },
    ],
    absence: 'A container or a machine without block devices has none.',
  },
  {
    id: 'pressure',
    title: 'Pressure: time that work had to wait',
    unit: 'ratio',
    queries: [
      { expr: 'rate(node_pressure_cpu_waiting_seconds_total{$machine}[$rate])', name: 'CPU' },
      { expr: 'rate(node_pressure_memory_waiting_seconds_total{$machine}[$rate])', name: 'memory' },
      { expr: 'rate(node_pressure_io_waiting_seconds_total{$machine}[$rate])', name: 'I/O' },
    ],
    absence: 'Kernels before 4.20, or started with psi=0, do not report pressure.',
  },
  {
    id: 'switches',
    title: 'Context switches and interrupts',
    unit: 'perSecond',
    queries: [
      { expr: 'rate(node_context_switches_total{$machine}[$rate])', name: 'context switches' },
      { expr: 'rate(node_intr_total{$machine}[$rate])', name: 'interrupts' },
    ],
  },
  {
    id: 'files',
    title: 'Open file descriptors',
    unit: 'short',
    queries: [{ expr: 'node_filefd_allocated{$machine}', name: 'open' }],
  },
];
