// State in the address bar: read as parameters, changed by editing a copy of them.
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

export type EditAddress = (edit: (params: URLSearchParams) => void, isReplace?: boolean) => void;

export function useAddress(): [URLSearchParams, EditAddress] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const edit = useCallback<EditAddress>(
    (change, isReplace = false) => {
      const next = new URLSearchParams(window.location.search);
      change(next);
      navigate(`${path}?${next}`, { replace: isReplace });
    },
    [path, navigate],
  );
  return [params, edit];
}
