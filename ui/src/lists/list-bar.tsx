// The sticky bar of pages that are lists: filter by text and state, and how often to ask again.
import { ActionIcon, NativeSelect, SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../panels/icon';
import { REFRESH_CHOICES, type Refresh } from '../state/refresh';
import styles from './list-bar.module.css';
import { SearchField } from './search-field';

export interface StateChoice {
  value: string;
  name: string;
  /** How many there are; undefined while that is not known. */
  count: number | undefined;
}

export interface ListBarProps {
  label: string;
  search: string;
  placeholder: string;
  onSearch: (text: string) => void;
  states: StateChoice[];
  state: string;
  onState: (state: string) => void;
  refresh: Refresh;
  onRefresh: (refresh: Refresh) => void;
  onRefreshNow: () => void;
  /** More choices, such as the pool. */
  children?: ReactNode;
}

export function ListBar(props: ListBarProps) {
  return (
    <div className={styles.bar} role="toolbar" aria-label={props.label}>
      <div className={styles.search}>
        <SearchField
          value={props.search}
          placeholder={props.placeholder}
          onChange={props.onSearch}
        />
      </div>
      {props.children}
      <div className={styles.states}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          data={props.states.map(({ value, name, count }) => ({
            value,
            label: (
              <>
                {name}
                {count !== undefined && <span className={styles.count}>{count}</span>}
              </>
            ),
          }))}
          value={props.state}
          onChange={props.onState}
        />
      </div>
      <div className={styles.refresh}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={30}
          aria-label="Refresh now"
          title="Refresh now"
          onClick={props.onRefreshNow}
        >
          <Icon name="refresh" />
        </ActionIcon>
        <NativeSelect
          size="xs"
          aria-label="Refresh every"
          data={[...REFRESH_CHOICES]}
          value={props.refresh}
          onChange={(event) => props.onRefresh(event.currentTarget.value as Refresh)}
        />
      </div>
    </div>
  );
}
