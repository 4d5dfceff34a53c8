// @vitest-environment happy-dom
// The plain field: Enter runs, Shift+Enter is a line.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { PlainEditor } from './plain-editor';

afterEach(cleanup);

it('runs on Enter and leaves Shift+Enter to the field', () => {
  const [onRun, onChange] = [vi.fn(), vi.fn()];
  render(
    <PlainEditor
      value={'up\n+ 1'}
      onChange={onChange}
      onRun={onRun}
      error={undefined}
      label="Expression"
      hasAutoFocus={false}
      onFocusChange={vi.fn()}
    />,
  );
  const field = screen.getByLabelText('Expression');
  expect(field.getAttribute('rows')).toBe('2');
  fireEvent.keyDown(field, { key: 'Enter', shiftKey: true });
  expect(onRun).not.toHaveBeenCalled();
  expect(fireEvent.keyDown(field, { key: 'Enter' })).toBe(false);
  expect(onRun).toHaveBeenCalledOnce();
});
