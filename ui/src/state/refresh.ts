// How often a page asks again: the choices and their form in the address.
import { parseDuration } from './duration';

export const REFRESH_CHOICES = ['off', '5s', '15s', '1m'] as const;

export type Refresh = (typeof REFRESH_CHOICES)[number];

export function readRefresh(params: URLSearchParams, fallback: Refresh = '5s'): Refresh {
  const text = params.get('refresh');
  return REFRESH_CHOICES.find((choice) => choice === text) ?? fallback;
}

/** Milliseconds; zero means never. */
export function refreshPeriod(refresh: Refresh): number {
  return refresh === 'off' ? 0 : (parseDuration(refresh) ?? 0);
}
