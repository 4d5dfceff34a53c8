// The sticky bar of the machine page: which machine, which time, how often to ask again.
import { ActionIcon, NativeSelect, SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { REFRESH_CHOICES, type Refresh } from '../state/refresh';
import {
  RELATIVE_SPANS,
  relativeRange,
  shiftRange,
  spanName,
  type TimeRange,
  widenRange,
} from '../state/time-range';
import { AbsoluteRange } from './absolute-range';
import { Icon, type IconName } from './icon';
import styles from './time-bar.module.css';

export interface TimeBarProps {
  range: TimeRange;
  onRange: (range: TimeRange) => void;
  refresh: Refresh;
  onRefresh: (refresh: Refresh) => void;
  onRefreshNow: () => void;
  /** Left end: the choice of machine. */
  children: ReactNode;
}

export function TimeBar(props: TimeBarProps) {
  const { range, onRange, refresh } = props;
  const now = Date.now();
  return (
    <div className={styles.bar} role="toolbar" aria-label="Time and machine">
      <div className={styles.machine}>{props.children}</div>
      <div className={styles.moves}>
        <Move name="earlier" label="Earlier" onClick={() => onRange(shiftRange(range, -1, now))} />
        <Move name="widen" label="Zoom out" onClick={() => onRange(widenRange(range))} />
        <Move name="later" label="Later" onClick={() => onRange(shiftRange(range, 1, now))} />
      </div>
      <SegmentedControl
        size="xs"
        aria-label="Time range"
        data={spanChoices(range)}
        value={range.kind === 'relative' ? spanName(range.span) : ''}
        onChange={(span) => onRange(relativeRange(span))}
      />
      <AbsoluteRange range={range} onRange={onRange} />
      <div className={styles.refresh}>
        <Move name="refresh" label="Refresh now" onClick={props.onRefreshNow} />
        <NativeSelect
          size="xs"
          aria-label="Refresh every"
          data={[...REFRESH_CHOICES]}
          value={refresh}
          onChange={(event) => props.onRefresh(event.currentTarget.value as Refresh)}
        />
      </div>
    </div>
  );
}

/** The usual spans, with the present one among them when a link asked for another. */
function spanChoices(range: TimeRange): string[] {
  const usual: string[] = [...RELATIVE_SPANS];
  if (range.kind === 'absolute' || usual.includes(spanName(range.span))) return usual;
  return [...usual, spanName(range.span)];
}

function Move(props: { name: IconName; label: string; onClick: () => void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={30}
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.name} />
    </ActionIcon>
  );
}
