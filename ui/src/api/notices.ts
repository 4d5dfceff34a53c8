// What somebody should look at now, as the server tells it.
import { useQuery } from '@tanstack/react-query';
import { get } from './request';

export interface Notice {
  text: string;
  date: string;
  active: boolean;
}

const PERIOD = 30_000;

/** None as long as the server has not answered: a page without its notices is still of use. */
export function useNotices(): Notice[] {
  const query = useQuery({
    queryKey: ['notifications'],
    queryFn: ({ signal }) => get<Notice[]>('notifications', {}, signal),
    refetchInterval: PERIOD,
  });
  return (query.data?.data ?? []).filter((notice) => notice.active);
}
