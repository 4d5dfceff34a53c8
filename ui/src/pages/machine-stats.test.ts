// The small numbers, read from answers that hold them and from answers that do not.
import { describe, expect, it } from 'vitest';
import type { InstantSeries } from '../api/answer';
import { MACHINE_STATS } from './machine-stats';

const number = (value: string): InstantSeries[] => [{ metric: {}, value: [0, value] }];
const at = Date.UTC(2026, 2, 5);

function read(id: string, ...answers: InstantSeries[][]) {
  return MACHINE_STATS.find((stat) => stat.id === id)?.read(answers, at);
}

describe('machine stats', () => {
  it('names the host, and the kernel where the system has no name', () => {
    const uname = [{ metric: { nodename: 'ada', sysname: 'Linux', release: '6.1' } }];
    expect(read('host', uname, [{ metric: { pretty_name: 'Debian 12' } }])).toEqual({
      value: 'ada',
      detail: 'Debian 12',
    });
    expect(read('host', uname, [])?.detail).toBe('Linux 6.1');
  });

  it('counts the time since boot', () => {
    expect(read('uptime', number(String(at / 1000 - 3 * 86_400 - 4 * 3_600)))?.value).toBe(
      '3 d 4 h',
    );
  });

  it('takes memory and the root file system as what is not available', () => {
    const reading = { value: '75.0 %', detail: '3 GiB of 4 GiB', share: 0.75 };
    expect(read('memory', number('1073741824'), number('4294967296'))).toEqual(reading);
    expect(read('root', number('1073741824'), number('4294967296'))).toEqual(reading);
  });

  it('compares the load with the cores', () => {
    expect(read('load', number('1'), number('0.5'), number('0.25'), number('2'))).toEqual({
      value: '1.00 · 0.50 · 0.25',
      detail: 'on 2 cores',
      share: 0.5,
    });
  });

  it.each(MACHINE_STATS.map((stat) => stat.id))('%s is unknown without data', (id) => {
    expect(read(id, [], [], [], [])).toBeUndefined();
  });
});
