// One small number with its detail and bar; the same size whether known, loading, absent or failed.
import { useMemo } from 'react';
import { useVectors } from '../api/queries';
import { Meter } from './meter';
import { fillExpr } from './plan';
import styles from './stat.module.css';
import type { StatPlan } from './stat-plan';
import type { View } from './view';

export function Stat({ plan, view }: { plan: StatPlan; view: View }) {
  const { machine, rate, at, isReady } = view;
  const exprs = useMemo(
    () => plan.exprs.map((expr) => fillExpr(expr, machine, rate)),
    [plan, machine, rate],
  );
  const { data, error } = useVectors(exprs, at, isReady);
  const reading = data && plan.read(data, at);
  const { value, detail } = reading ?? unknown(data === undefined, exprs);
  return (
    <div className={styles.stat}>
      <dt>{plan.title}</dt>
      <dd className={styles.value} data-unknown={!reading || undefined} title={value}>
        {value}
      </dd>
      <dd
        className={styles.detail}
        data-failed={Boolean(error) || undefined}
        title={error?.message ?? detail}
      >
        {error ? error.message : detail}
      </dd>
      <dd className={styles.meter}>
        {reading?.share !== undefined && <Meter share={reading.share} label={plan.title} />}
      </dd>
    </div>
  );
}

function unknown(isLoading: boolean, exprs: string[]) {
  return isLoading ? { value: '…', detail: '' } : { value: '–', detail: `no data: ${exprs[0]}` };
}
