// @vitest-environment happy-dom
// A long list: how much of it is in the page.
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Windowed } from './windowed';

type Callback = (entries: { isIntersecting: boolean }[]) => void;
const seen = new Map<Element, Callback>();

class Observer {
  callback: Callback;

  constructor(callback: Callback) {
    this.callback = callback;
  }

  observe(element: Element) {
    seen.set(element, this.callback);
  }

  disconnect() {}
}

beforeEach(() => vi.stubGlobal('IntersectionObserver', Observer));
afterEach(() => {
  cleanup();
  seen.clear();
  vi.unstubAllGlobals();
});

function show(count: number) {
  const items = Array.from({ length: count }, (_, at) => at);
  render(
    <Windowed label="numbers" items={items} rowHeight={20} row={(at) => <li key={at}>{at}</li>} />,
  );
}

it('holds the first of five thousand rows only', () => {
  show(5_000);
  expect(screen.getAllByRole('listitem').length).toBeLessThan(100);
});

it('fills what comes near and empties what is left behind', () => {
  show(100);
  const third = [...seen.keys()][2] as HTMLElement;
  expect(third.style.height).toBe('400px');
  act(() => seen.get(third)?.([{ isIntersecting: true }]));
  expect(third.children.length).toBe(20);
  act(() => seen.get(third)?.([{ isIntersecting: false }]));
  expect(third.children.length).toBe(0);
});

it('names a short list plainly', () => {
  show(3);
  expect(screen.getByRole('list', { name: 'numbers' }).children.length).toBe(3);
});
