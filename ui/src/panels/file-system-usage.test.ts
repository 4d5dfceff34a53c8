// File systems from their vectors.
import { expect, it } from 'vitest';
import type { InstantSeries } from '../api/answer';
import { readFileSystems } from './file-system-usage';

function vector(name: string, values: [string, string, string][]): InstantSeries[] {
  return values.map(([device, mountpoint, value]) => ({
    metric: { __name__: name, device, mountpoint, fstype: 'ext4' },
    value: [0, value],
  }));
}

it('lists each device once, the fullest first', () => {
  const sizes = vector('size', [
    ['/dev/sda', '/etc/hosts', '100'],
    ['/dev/sda', '/', '100'],
    ['/dev/sdb', '/data', '1000'],
  ]);
  const available = vector('avail', [
    ['/dev/sda', '/etc/hosts', '75'],
    ['/dev/sda', '/', '75'],
    ['/dev/sdb', '/data', '100'],
  ]);
  expect(readFileSystems(sizes, available)).toEqual([
    { mountpoint: '/data', device: '/dev/sdb', kind: 'ext4', size: 1000, used: 900, share: 0.9 },
    { mountpoint: '/', device: '/dev/sda', kind: 'ext4', size: 100, used: 25, share: 0.25 },
  ]);
});

it('leaves out what has no size or no counterpart', () => {
  const sizes = vector('size', [
    ['proc', '/proc', '0'],
    ['/dev/sdc', '/gone', '5'],
  ]);
  expect(readFileSystems(sizes, vector('avail', [['proc', '/proc', '0']]))).toEqual([]);
});
