// A moment on the query page: empty is the present.
import { ActionIcon } from '@mantine/core';
import { formatInputInstant, parseInputInstant } from '../state/instant';
import { Icon } from './icon';
import styles from './instant-field.module.css';
import { TextField } from './text-field';

export interface InstantFieldProps {
  label: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}

export function InstantField({ label, value, onChange }: InstantFieldProps) {
  return (
    <span className={styles.field}>
      <TextField
        label={`${label} (empty: now)`}
        type="datetime-local"
        width={196}
        value={value === undefined ? '' : formatInputInstant(value)}
        isValid={(text) => text === '' || parseInputInstant(text) !== undefined}
        onCommit={(text) => onChange(parseInputInstant(text))}
      />
      {value !== undefined && (
        <ActionIcon
          size={30}
          variant="subtle"
          color="gray"
          aria-label={`${label}: now`}
          title="Now"
          onClick={() => onChange(undefined)}
        >
          <Icon name="close" size={14} />
        </ActionIcon>
      )}
    </span>
  );
}
