// A moment on the query page: empty is the present.
import { ActionIcon } from '@mantine/core';
import { formatInstant, parseLocalInstant } from '../state/instant';
import { Icon } from './icon';
import styles from './instant-field.module.css';
import { TextField } from './text-field';

export interface InstantFieldProps {
  /** What happens at the moment, such as `ends`. */
  verb: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}

export function InstantField({ verb, value, onChange }: InstantFieldProps) {
  return (
    <span className={styles.field}>
      <TextField
        label={`When it ${verb}: year-month-day hour:minute, or empty for now`}
        placeholder={`${verb} now`}
        width={158}
        value={value === undefined ? '' : formatInstant(value)}
        isValid={(text) => text.trim() === '' || parseLocalInstant(text) !== undefined}
        onCommit={(text) => onChange(parseLocalInstant(text))}
      />
      {value !== undefined && (
        <ActionIcon
          size={30}
          variant="subtle"
          color="gray"
          aria-label={`${verb} now`}
          title={`${verb} now`}
          onClick={() => onChange(undefined)}
        >
          <Icon name="close" size={14} />
        </ActionIcon>
      )}
    </span>
  );
}
