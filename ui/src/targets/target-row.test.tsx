// @vitest-environment happy-dom
// A row of the targets page: states, numbers, what is wrong, and labels as filters.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import type { Target } from '../api/targets';
import { TargetRow } from './target-row';
import { POOL, TARGET } from './targets-fixture';

afterEach(cleanup);

const NOW = Date.parse(TARGET.lastScrape) + 4_000;

function show(part: Partial<Target> = {}) {
  const onPick = vi.fn();
  const onToggle = vi.fn();
  const target = { ...TARGET, ...part };
  render(
    <ul>
      <TargetRow
        target={target}
        pool={POOL}
        now={NOW}
        isOpen={false}
        onToggle={onToggle}
        onPick={onPick}
      />
    </ul>,
  );
  return { onPick, onToggle, target, row: screen.getByRole('listitem') };
}

it('tells how the last scrape went', () => {
  const { row } = show();
  const facts = [...row.querySelectorAll('dl div')].map((fact) => fact.textContent);
  expect(facts).toEqual([
    'Last scrape4 s ago',
    'Took12.3 ms',
    'Every15s',
    'Samples500',
    'Page64 KiB',
  ]);
});

it('shows why a target is down, and nothing of a scrape that has not been', () => {
  const { row } = show({ health: 'down', lastError: 'connection refused' });
  expect(row.textContent).toContain('connection refused');
  cleanup();
  const never = show({ health: 'unknown', lastScrape: '0001-01-01T00:00:00Z' }).row;
  expect(never.textContent).toContain('never');
  expect(never.textContent).not.toContain('ms');
});

it('warns of limits that are near', () => {
  const { row } = show({ samplesKept: 950, samples: 960 });
  expect(row.textContent).toContain('Near a limit: samples 950 of 1,000');
  expect(row.querySelector('[data-tone="warn"]')?.textContent).toBe('up');
});

it('puts a label into the filter, with Alt to leave it out', () => {
  const { onPick } = show();
  const label = screen.getByRole('button', { name: /zone/ });
  fireEvent.click(label);
  fireEvent.click(label, { altKey: true });
  expect(onPick.mock.calls).toEqual([['zone="a"'], ['-zone="a"']]);
});

it('opens by a button that says whether it is open', () => {
  const { onToggle, target } = show();
  const button = screen.getByRole('button', { name: 'Look' });
  expect(button.getAttribute('aria-expanded')).toBe('false');
  fireEvent.click(button);
  expect(onToggle).toHaveBeenCalledWith(target);
});
