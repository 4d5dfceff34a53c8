// @vitest-environment happy-dom
// The clock: when it moves, and when it waits.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LIVE_KEY } from '../api/queries';
import { useClock } from './clock';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function start(period: number) {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useClock(period), { wrapper });
  return { client, result, begun: result.current.now };
}

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds));

it('moves every period', () => {
  const { result, begun } = start(5_000);
  pass(10_000);
  expect(result.current.now - begun).toBe(10_000);
});

it('stands still without a period until asked', () => {
  const { result, begun } = start(0);
  pass(60_000);
  expect(result.current.now).toBe(begun);
  act(() => result.current.refresh());
  expect(result.current.now - begun).toBe(60_000);
});

it('waits for a live query that has not been answered', () => {
  const { client, result, begun } = start(5_000);
  const unanswered = () => new Promise<never>(() => {});
  void client.fetchQuery({ queryKey: [LIVE_KEY, 'slow'], queryFn: unanswered });
  pass(20_000);
  expect(result.current.now).toBe(begun);
});
