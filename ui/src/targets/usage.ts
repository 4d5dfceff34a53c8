// How near a target or a job is to what it may bring at most.
import type { Pool, Target } from '../api/targets';
import { formatValue } from '../charts/units';
import { parseDuration } from '../state/duration';

export interface Usage {
  name: string;
  share: number;
  /** `900 of 1,000` */
  text: string;
}

/** From here on a limit is worth a warning. */
export const NEAR = 0.8;

interface Amount {
  name: string;
  used: number;
  limit: number;
  format: (value: number) => string;
}

export function targetUsages(target: Target, pool: Pool): Usage[] {
  return targetAmounts(target, pool).map(usage);
}

export function poolUsage({ targets, targetLimit }: Pool): Usage | undefined {
  if (!targetLimit) return undefined;
  return usage({ name: 'targets', used: targets, limit: targetLimit, format: count });
}

/** The same question without any text, for lists of thousands. */
export function isNearLimit(target: Target, pool: Pool): boolean {
  return targetAmounts(target, pool).some(({ used, limit }) => used >= NEAR * limit);
}

function targetAmounts(target: Target, pool: Pool): Amount[] {
  const { samplesKept, bodyBytes, lastScrapeDuration, scrapeTimeout } = target;
  const timeout = (parseDuration(scrapeTimeout) ?? 0) / 1000;
  const amounts = [
    { name: 'samples', used: samplesKept, limit: pool.sampleLimit ?? 0, format: count },
    { name: 'page size', used: bodyBytes, limit: pool.bodySizeLimit ?? 0, format: bytes },
    { name: 'time', used: lastScrapeDuration, limit: timeout, format: seconds },
  ];
  return amounts.filter(({ limit }) => limit > 0);
}

function usage({ name, used, limit, format }: Amount): Usage {
  return { name, share: used / limit, text: `${format(used)} of ${format(limit)}` };
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function bytes(value: number): string {
  return formatValue(value, 'bytes');
}

function seconds(value: number): string {
  return formatValue(value, 'seconds');
}
