// What pages of lists keep in the address: filter, state, pool and how often they ask again.
import { useCallback, useMemo } from 'react';
import { useAddress } from './address';
import { type Refresh, readRefresh } from './refresh';

export interface ListAddress {
  search: string;
  state: string;
  pool: string;
  refresh: Refresh;
  set: (name: 'search' | 'state' | 'pool' | 'refresh', value: string) => void;
}

/** What is as usual is left out of the address. */
export function useListAddress(usualState: string): ListAddress {
  const [params, edit] = useAddress();
  const set = useCallback<ListAddress['set']>(
    (name, value) =>
      edit((address) => {
        const isUsual = value === '' || (name === 'state' && value === usualState);
        if (isUsual) address.delete(name);
        else address.set(name, value);
      }, true),
    [edit, usualState],
  );
  return useMemo(
    () => ({
      search: params.get('search') ?? '',
      state: params.get('state') ?? usualState,
      pool: params.get('pool') ?? '',
      refresh: readRefresh(params, '15s'),
      set,
    }),
    [params, set, usualState],
  );
}
