// @vitest-environment happy-dom
// Notices: which are shown, and that they can be put away until there is another.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { Notices } from './notices';

afterEach(cleanup);

function answer(texts: string[]) {
  const data = texts.map((text) => ({ text, date: '2026-01-02T03:04:05Z', active: true }));
  return { data, warnings: [], infos: [], milliseconds: 1 };
}

function show(texts: string[]) {
  const client = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } },
  });
  client.setQueryData(['notifications'], answer(texts));
  render(
    <QueryClientProvider client={client}>
      <Notices />
    </QueryClientProvider>,
  );
  return client;
}

const texts = () => screen.queryAllByRole('listitem').map((item) => item.textContent);

it('is not there without notices', () => {
  show([]);
  expect(screen.queryByRole('status')).toBeNull();
});

it('folds what is too much', () => {
  show(['a', 'b', 'c', 'd']);
  expect(texts()).toEqual(['a', 'b', '2 more']);
  fireEvent.click(screen.getByRole('button', { name: '2 more' }));
  expect(texts()).toEqual(['a', 'b', 'c', 'd']);
});

it('stays away until there is another notice', async () => {
  const client = show(['a']);
  fireEvent.click(screen.getByRole('button', { name: 'Hide these notices' }));
  expect(texts()).toEqual([]);
  client.setQueryData(['notifications'], answer(['a', 'b']));
  await screen.findByText('b');
  expect(texts()).toEqual(['a', 'b']);
});
