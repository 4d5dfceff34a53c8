// File systems read from the two vectors of their sizes, each device once.
import type { InstantSeries } from '../api/answer';
import { formatSeries } from '../api/labels';

export interface FileSystem {
  mountpoint: string;
  device: string;
  kind: string;
  size: number;
  /** What is not available to ordinary users. */
  used: number;
  share: number;
}

/** A device that is mounted many times (bind mounts) is listed under its shortest mount point. */
export function readFileSystems(sizes: InstantSeries[], available: InstantSeries[]): FileSystem[] {
  const free = new Map(available.map((series) => [placeOf(series), Number(series.value?.[1])]));
  const byDevice = new Map<string, FileSystem>();
  for (const series of sizes) {
    const { mountpoint = '', device = '', fstype = '' } = series.metric;
    const size = Number(series.value?.[1]);
    const left = free.get(placeOf(series));
    if (left === undefined || !(size > 0)) continue;
    const known = byDevice.get(device);
    if (known && known.mountpoint.length <= mountpoint.length) continue;
    const used = size - left;
    byDevice.set(device, { mountpoint, device, kind: fstype, size, used, share: used / size });
  }
  return [...byDevice.values()].sort((a, b) => b.share - a.share);
}

function placeOf({ metric }: InstantSeries): string {
  return formatSeries({ ...metric, __name__: '' });
}
