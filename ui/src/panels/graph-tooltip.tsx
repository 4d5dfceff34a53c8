// Names the line under the pointer, with its value and the time there.
import type { Pointer } from '../charts/graph';
import { valueAt } from '../charts/line';
import { seriesColour } from '../charts/palette';
import { formatValue } from '../charts/units';
import { formatInstant } from '../state/instant';
import styles from './graph-tooltip.module.css';

/** Width of the value axis, which the pointer is measured from. */
const AXIS = 68;

export function GraphTooltip({ pointer, times }: { pointer: Pointer; times: number[] }) {
  const { at, left, isPastMiddle, line, scheme } = pointer;
  const value = line && valueAt(line, at);
  return (
    <div className={styles.anchor} style={{ left: left + AXIS }} aria-hidden="true">
      <div className={isPastMiddle ? styles.tipBefore : styles.tipAfter}>
        <div className={styles.time}>{formatInstant((times[at] ?? 0) * 1000)}</div>
        {line && value != null && (
          <>
            <strong style={{ color: seriesColour(scheme, line.colour) }}>
              {formatValue(value, 'number')}
            </strong>
            <div className={styles.name}>{line.label}</div>
          </>
        )}
      </div>
    </div>
  );
}
