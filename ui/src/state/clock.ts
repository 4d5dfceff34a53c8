// The moment that all live panels show; it moves on only when the last moment has been answered.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { LIVE_KEY } from '../api/queries';

export interface Clock {
  now: number;
  /** Moves to the present at once. */
  refresh: () => void;
}

/** A period of zero stands still until asked. */
export function useClock(period: number): Clock {
  const [now, setNow] = useState(() => Date.now());
  const client = useQueryClient();
  const refresh = useCallback(() => setNow(Date.now()), []);

  useEffect(() => {
    if (period === 0) return;
    const tick = () => {
      const isBusy = client.isFetching({ queryKey: [LIVE_KEY] }) > 0;
      // A server slower than the period would otherwise have every question withdrawn unanswered.
      if (!document.hidden && !isBusy) refresh();
    };
    const timer = setInterval(tick, period);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [period, client, refresh]);

  return { now, refresh };
}
