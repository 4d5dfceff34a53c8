// The popover in which a range with a fixed start and end is set.
import { Button, Popover } from '@mantine/core';
import { useState } from 'react';
import { formatInputInstant, formatInterval, parseInputInstant } from '../state/instant';
import { bounds, type TimeRange } from '../state/time-range';
import styles from './absolute-range.module.css';
import { Icon } from './icon';

export interface AbsoluteRangeProps {
  range: TimeRange;
  onRange: (range: TimeRange) => void;
}

export function AbsoluteRange({ range, onRange }: AbsoluteRangeProps) {
  const [isOpen, setOpen] = useState(false);
  const isAbsolute = range.kind === 'absolute';
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant={isAbsolute ? 'light' : 'default'}
          aria-label={isAbsolute ? formatInterval(range.from, range.to) : 'From and to'}
          title="From and to"
          leftSection={<Icon name="calendar" size={14} />}
          className={isAbsolute ? styles.fixed : styles.button}
          onClick={() => setOpen(!isOpen)}
        >
          {isAbsolute && (
            <span className={styles.interval}>{formatInterval(range.from, range.to)}</span>
          )}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <RangeForm
          range={range}
          onRange={(next) => {
            setOpen(false);
            onRange(next);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function RangeForm({ range, onRange }: AbsoluteRangeProps) {
  const start = bounds(range, Date.now());
  const [from, setFrom] = useState(() => formatInputInstant(start.from));
  const [to, setTo] = useState(() => formatInputInstant(start.to));
  const [begin, end] = [parseInputInstant(from), parseInputInstant(to)];
  const isValid = begin !== undefined && end !== undefined && begin < end;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) onRange({ kind: 'absolute', from: begin, to: end });
      }}
    >
      <InstantField label="From" value={from} onChange={setFrom} />
      <InstantField label="To" value={to} onChange={setTo} />
      <Button size="xs" type="submit" disabled={!isValid}>
        Show
      </Button>
      {!isValid && <p role="status">“From” has to be before “To”.</p>}
    </form>
  );
}

function InstantField(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label>
      {props.label}
      <input
        type="datetime-local"
        step="1"
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    </label>
  );
}
