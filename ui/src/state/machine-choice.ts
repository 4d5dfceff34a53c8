// Which machine the page shows: those that report themselves, and the matchers that select one.
import type { InstantSeries } from '../api/answer';
import { quote } from '../api/labels';

export interface MachineName {
  job: string;
  instance: string;
  /** The host's own name where it has one. */
  host: string;
}

/** Every machine reports this one series about itself. */
export const MACHINES_EXPR = 'node_uname_info';

const USUAL_JOB = 'node';

/** Machines of the usual job first, each by name. */
export function readMachines(vector: InstantSeries[]): MachineName[] {
  const machines = vector.map(({ metric }): MachineName => {
    const { job = '', instance = '', nodename } = metric;
    return { job, instance, host: nodename || instance };
  });
  const rank = (machine: MachineName) => (machine.job === USUAL_JOB ? 0 : 1);
  return machines.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      a.host.localeCompare(b.host, undefined, { numeric: true }) ||
      a.instance.localeCompare(b.instance),
  );
}

export function chooseMachine(
  machines: MachineName[],
  job: string | null,
  instance: string | null,
): MachineName | undefined {
  const asked = machines.find((m) => m.instance === instance && (job === null || m.job === job));
  if (asked) return asked;
  // A machine that is down is still shown when the address names it.
  if (instance) return { job: job ?? USUAL_JOB, instance, host: instance };
  return machines[0];
}

/** The job alone where it has one machine: queries stay short enough to read. */
export function machineMatchers(machine: MachineName | undefined, machines: MachineName[]): string {
  const job = machine?.job ?? USUAL_JOB;
  const matcher = `job=${quote(job)}`;
  const isAlone = machines.filter((m) => m.job === job).length <= 1;
  const isListed = machines.some((m) => m.instance === machine?.instance);
  if (!machine || (isAlone && isListed)) return matcher;
  return `${matcher},instance=${quote(machine.instance)}`;
}
