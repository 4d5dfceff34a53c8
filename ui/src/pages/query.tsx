// The query page: panels of one expression each, all of their state in the address.
import { Button } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Icon } from '../panels/icon';
import { QueryPanel } from '../panels/query-panel';
import { useAddress } from '../state/address';
import { EMPTY_PANEL, type QueryPanelState, readPanels, writePanels } from '../state/query-address';
import styles from './query.module.css';

export default function Query() {
  const [params, edit] = useAddress();
  const panels = useMemo(() => readPanels(params), [params]);
  const keys = usePanelKeys(panels.length);
  const write = useCallback(
    (next: QueryPanelState[], isReplace: boolean) =>
      edit((address) => {
        for (const name of [...address.keys()]) address.delete(name);
        for (const [name, value] of writePanels(next)) address.set(name, value);
      }, isReplace),
    [edit],
  );
  const firstExpr = panels[0]?.expr;
  useEffect(() => {
    document.title = firstExpr ? `${firstExpr} – Narthex` : 'Query – Narthex';
  }, [firstExpr]);

  return (
    <main className={styles.page}>
      <h1 className={styles.title}>Query</h1>
      {panels.map((state, at) => (
        <QueryPanel
          key={keys.list[at]}
          id={String(keys.list[at])}
          state={state}
          onState={(next, isReplace) => write(panels.with(at, next), isReplace)}
          onRemove={
            panels.length > 1
              ? () => {
                  keys.remove(at);
                  write(panels.toSpliced(at, 1), false);
                }
              : undefined
          }
        />
      ))}
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="add" size={14} />}
        onClick={() => write([...panels, EMPTY_PANEL], false)}
      >
        Add a query
      </Button>
    </main>
  );
}

/** Keys that stay with their panels when one between them is removed. */
function usePanelKeys(count: number) {
  const next = useRef(0);
  const list = useRef<number[]>([]);
  while (list.current.length < count) {
    list.current.push(next.current);
    next.current += 1;
  }
  list.current.length = count;
  const remove = (at: number) => {
    list.current = list.current.toSpliced(at, 1);
  };
  return { list: list.current, remove };
}
