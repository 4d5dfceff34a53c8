// Which targets a page shows, and how many there are in each state.
import type { Pool, Target } from '../api/targets';
import { labelText, matchesTerms, parseTerms } from '../lists/search';
import { isNearLimit } from './usage';

export type TargetState = 'all' | 'up' | 'down' | 'unknown' | 'near';

export interface TargetFilter {
  state: TargetState;
  pool: string;
  search: string;
}

export interface PoolRows {
  pool: Pool;
  /** The worst first. */
  targets: Target[];
  /** All targets of the pool that are up, whatever the filter says. */
  up: number;
}

export interface Filtered {
  pools: PoolRows[];
  /** By state, of those that fit the rest of the filter. */
  counts: Record<TargetState, number>;
}

const TEXTS = new WeakMap<Target, string>();

export function filterTargets(pools: Pool[], targets: Target[], filter: TargetFilter): Filtered {
  const terms = parseTerms(filter.search);
  const counts: Filtered['counts'] = { all: 0, up: 0, down: 0, unknown: 0, near: 0 };
  const ranks = new Map<Target, number>();
  const byPool = new Map<string, PoolRows>(
    pools.map((pool) => [pool.name, { pool, targets: [], up: 0 }]),
  );
  for (const target of targets) {
    const rows = byPool.get(target.scrapePool);
    if (!rows) continue;
    if (target.health === 'up') rows.up += 1;
    if (filter.pool && filter.pool !== target.scrapePool) continue;
    if (!matchesTerms(textOf(target), terms)) continue;
    const isNear = hasWarning(target, rows.pool);
    counts.all += 1;
    counts[target.health] += 1;
    if (isNear) counts.near += 1;
    const isShown =
      filter.state === 'all' ||
      filter.state === target.health ||
      (filter.state === 'near' && isNear);
    if (!isShown) continue;
    rows.targets.push(target);
    ranks.set(target, rank(target, isNear));
  }
  const isWhole = filter.state === 'all' && filter.search === '';
  const shown = [...byPool.values()].filter(
    ({ pool, targets }) =>
      (!filter.pool || filter.pool === pool.name) && (isWhole || targets.length > 0),
  );
  for (const rows of shown) rows.targets.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  return { pools: shown, counts };
}

function hasWarning(target: Target, pool: Pool): boolean {
  return Boolean(target.lastWarning) || isNearLimit(target, pool);
}

function rank(target: Target, isNear: boolean): number {
  if (target.health === 'down') return 0;
  if (isNear) return 1;
  return target.health === 'unknown' ? 2 : 3;
}

function textOf(target: Target): string {
  const known = TEXTS.get(target);
  if (known !== undefined) return known;
  const { scrapeUrl, labels, lastError = '', lastWarning = '' } = target;
  const text = `${scrapeUrl} ${labelText(labels)} ${lastError} ${lastWarning}`.toLowerCase();
  TEXTS.set(target, text);
  return text;
}
