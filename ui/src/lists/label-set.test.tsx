// @vitest-environment happy-dom
// Labels as filters, by mouse and by keyboard.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { LabelSet } from './label-set';

afterEach(cleanup);

const LABELS = { __name__: 'up', a: '1', b: '2' };

it('is text where nothing can be done with it', () => {
  const { container } = render(<LabelSet labels={LABELS} />);
  expect(container.textContent).toBe('a="1"b="2"');
  expect(screen.queryByRole('button')).toBeNull();
});

it('is one stop for the keyboard, with arrows between the labels', () => {
  render(<LabelSet labels={LABELS} onPick={vi.fn()} />);
  const [first, second] = screen.getAllByRole('button');
  expect([first?.tabIndex, second?.tabIndex]).toEqual([0, -1]);
  first?.focus();
  if (first) fireEvent.keyDown(first, { key: 'ArrowRight' });
  expect(document.activeElement).toBe(second);
  if (second) fireEvent.keyDown(second, { key: 'ArrowRight' });
  expect(document.activeElement).toBe(second);
  if (second) fireEvent.keyDown(second, { key: 'ArrowLeft' });
  expect(document.activeElement).toBe(first);
});
