// @vitest-environment happy-dom
// Sources of a job: which are shown, what is said of each.
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import type { Source } from '../api/targets';
import { Sources, troubleText } from './sources';

afterEach(cleanup);

const NEVER = '0001-01-01T00:00:00Z';
const CONSUL: Source = {
  scrapePool: 'web',
  mechanism: 'consul',
  health: 'good',
  targets: 1200,
  lastRefresh: '2026-01-01T00:00:00Z',
};
const STATIC: Source = { ...CONSUL, mechanism: 'static', targets: 2, lastRefresh: NEVER };
const FAILING: Source = { ...CONSUL, health: 'failing', lastError: 'connection refused' };
const LACKING: Source = {
  ...CONSUL,
  mechanism: 'kubernetes',
  health: 'lacking',
  targets: 0,
  lastRefresh: NEVER,
  lastError: 'not supported by this version',
};
const NOW = Date.parse(CONSUL.lastRefresh) + 4_000;

function rows(sources: Source[]) {
  render(<Sources pool="web" sources={sources} now={NOW} />);
  return screen.queryAllByRole('listitem').map(({ textContent }) => textContent);
}

it('tells how each source does', () => {
  const waiting: Source = { ...CONSUL, health: 'waiting', targets: 0, lastRefresh: NEVER };
  expect(rows([STATIC, CONSUL, waiting, FAILING, LACKING])).toEqual([
    'worksstatic2 found',
    'worksconsul1,200 foundanswered 4 s ago',
    'waitingconsul0 foundnever answered',
    'failsconsul1,200 foundanswered 4 s agoconnection refused',
    'lackingkubernetes0 foundnot supported by this version',
  ]);
});

it('says nothing of targets that only the configuration states', () => {
  expect(rows([STATIC])).toEqual([]);
});

it('tells trouble in a few words', () => {
  expect(troubleText([STATIC, CONSUL])).toBe('');
  expect(troubleText([STATIC, FAILING])).toBe('consul fails');
  expect(troubleText([LACKING])).toBe('kubernetes is lacking');
  expect(troubleText([FAILING, LACKING])).toBe('2 sources without an answer');
});
