// What a query's graph spans and how it is drawn: range, end, step, lines or stack.
import { ActionIcon, SegmentedControl } from '@mantine/core';
import { formatDuration, parseDuration } from '../state/duration';
import { EMPTY_PANEL, type QueryPanelState, stepOf } from '../state/query-address';
import { spanName } from '../state/time-range';
import styles from './graph-controls.module.css';
import { Icon } from './icon';
import { InstantField } from './instant-field';
import { TextField } from './text-field';

/** What the buttons beside the range go through. */
const RANGES = ['1m', '5m', '15m', '30m', '1h', '2h', '6h', '12h', '1d', '2d', '7d', '14d', '30d']
  .map(parseDuration)
  .filter((range) => range !== undefined);

export interface GraphControlsProps {
  state: QueryPanelState;
  onState: (state: QueryPanelState) => void;
}

export function GraphControls({ state, onState }: GraphControlsProps) {
  const { range, resolution } = state;
  const set = (part: Partial<QueryPanelState>) => onState({ ...state, ...part });
  const shorter = RANGES.findLast((known) => known < range);
  const longer = RANGES.find((known) => known > range);
  return (
    <div className={styles.controls}>
      <span className={styles.range}>
        <Step label="Shorter range" sign="−" to={shorter} onRange={(to) => set({ range: to })} />
        <TextField
          label="Range"
          width={64}
          value={spanName(range)}
          isValid={(text) => parseDuration(text) !== undefined}
          onCommit={(text) => set({ range: parseDuration(text) ?? range })}
        />
        <Step label="Longer range" sign="+" to={longer} onRange={(to) => set({ range: to })} />
      </span>
      <InstantField verb="ends" value={state.end} onChange={(end) => set({ end })} />
      <TextField
        label="Step (empty: automatic)"
        width={116}
        placeholder={`step ${formatDuration(stepOf(state))}`}
        value={resolution.kind === 'fixed' ? formatDuration(resolution.step) : ''}
        isValid={(text) => text === '' || parseDuration(text) !== undefined}
        onCommit={(text) => {
          const step = parseDuration(text);
          set({ resolution: step ? { kind: 'fixed', step } : EMPTY_PANEL.resolution });
        }}
      />
      <SegmentedControl
        size="xs"
        aria-label="Drawn as"
        data={[
          { value: 'lines', label: 'Lines' },
          { value: 'stacked', label: 'Stacked' },
        ]}
        value={state.isStacked ? 'stacked' : 'lines'}
        onChange={(mode) => set({ isStacked: mode === 'stacked' })}
      />
      <TextField
        label="Threshold: a line across the graph"
        width={104}
        placeholder="threshold"
        value={state.threshold === undefined ? '' : `threshold ${state.threshold}`}
        isValid={(text) => Number.isFinite(Number(withoutName(text)))}
        onCommit={(text) => {
          const number = withoutName(text);
          set({ threshold: number === '' ? undefined : Number(number) });
        }}
      />
    </div>
  );
}

/** A number alone will do. */
function withoutName(text: string): string {
  return text.replace(/^\s*threshold/, '').trim();
}

interface StepProps {
  label: string;
  sign: '+' | '−';
  to: number | undefined;
  onRange: (range: number) => void;
}

function Step({ label, sign, to, onRange }: StepProps) {
  return (
    <ActionIcon
      size={30}
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      disabled={to === undefined}
      onClick={() => to !== undefined && onRange(to)}
    >
      <Icon name={sign === '+' ? 'add' : 'subtract'} size={14} />
    </ActionIcon>
  );
}
