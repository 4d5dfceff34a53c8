// @vitest-environment happy-dom
// The result table: what it shows, and how much of a long answer it puts into the page.
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { InstantSeries } from '../api/answer';
import { ResultTable } from './result-table';

class NothingIsVisible {
  observe() {}
  disconnect() {}
}

beforeEach(() => vi.stubGlobal('IntersectionObserver', NothingIsVisible));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function vector(count: number): InstantSeries[] {
  return Array.from({ length: count }, (_, at) => ({
    metric: { __name__: 'm', at: String(at) },
    value: [0, String(at)],
  }));
}

it('shows series as selectors and values as written', () => {
  render(<ResultTable data={{ resultType: 'vector', result: vector(2) }} />);
  expect(screen.getAllByRole('row').map((row) => row.textContent)).toEqual([
    'SeriesValue',
    'm{at="0"}0',
    'm{at="1"}1',
  ]);
});

it('puts only the first rows of ten thousand into the page', () => {
  render(<ResultTable data={{ resultType: 'vector', result: vector(10_000) }} />);
  expect(screen.getAllByRole('row').length).toBeLessThan(250);
});

it('says when nothing matched', () => {
  render(<ResultTable data={{ resultType: 'vector', result: [] }} />);
  expect(screen.getByText(/No series match/)).toBeTruthy();
});
