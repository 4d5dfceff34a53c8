// @vitest-environment happy-dom
// The legend: values, isolating and hiding lines.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isolate, Legend, toggle } from './legend';
import type { Line } from './line';

const lines: Line[] = [
  { id: 'a', label: 'user', colour: 0, values: [0.1, 0.2, null] },
  { id: 'b', label: 'system', colour: 1, values: [0.3, null, 0.5] },
  { id: 'c', label: 'sent', colour: 2, isMirrored: true, values: [-0.25, -0.25, -0.25] },
];

afterEach(cleanup);

function show(cursor: number | null, onHide = vi.fn()) {
  render(
    <Legend
      lines={lines}
      unit="ratio"
      scheme="light"
      hidden={new Set(['b'])}
      onHide={onHide}
      cursor={cursor}
    />,
  );
  return onHide;
}

describe('Legend', () => {
  it('shows the last values without a crosshair, mirrored ones unsigned', () => {
    show(null);
    expect(screen.getAllByRole('button').map((entry) => entry.textContent)).toEqual([
      'user20.0 %',
      'system50.0 %',
      'sent25.0 %',
    ]);
  });

  it('shows the values under the crosshair', () => {
    show(1);
    expect(screen.getByText('system').nextSibling?.textContent).toBe('–');
  });

  it('says which lines are on show', () => {
    show(null);
    const pressed = screen.getAllByRole('button').map((b) => b.getAttribute('aria-pressed'));
    expect(pressed).toEqual(['true', 'false', 'true']);
  });

  it('isolates on a click and toggles with Ctrl', () => {
    const onHide = show(null);
    fireEvent.click(screen.getByText('user'));
    expect(onHide).toHaveBeenLastCalledWith(new Set(['b', 'c']));
    fireEvent.click(screen.getByText('user'), { ctrlKey: true });
    expect(onHide).toHaveBeenLastCalledWith(new Set(['b', 'a']));
  });
});

it('shows all lines again when the only one is isolated again', () => {
  expect(isolate(new Set(['b', 'c']), lines, 'a')).toEqual(new Set());
  expect(isolate(new Set(['a', 'b']), lines, 'a')).toEqual(new Set(['b', 'c']));
  expect(toggle(new Set(['a']), 'a')).toEqual(new Set());
});
