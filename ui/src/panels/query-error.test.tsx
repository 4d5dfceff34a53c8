// @vitest-environment happy-dom
// Errors of the API as people see them.
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { locateError } from '../api/error-position';
import { ApiError } from '../api/request';
import { QueryError, QueryNotes } from './query-error';

afterEach(cleanup);

function show(kind: string, message: string, expr: string) {
  const error = new ApiError(kind, message);
  render(<QueryError error={error} located={locateError(message, expr)} expr={expr} />);
  return screen.getByRole('alert');
}

it('marks the place in the expression', () => {
  const box = show('bad_data', '1:5: parse error: unexpected <)>', 'up +)');
  expect(box.textContent).toContain('line 1, column 5');
  expect(box.querySelector('mark')?.textContent).toBe(')');
  expect(box.querySelector('pre')?.textContent).toBe('up +)');
});

it('says what happened when there is no place', () => {
  const box = show('timeout', 'query timed out in expression evaluation', 'up');
  expect(box.textContent).toBe('The query took too longquery timed out in expression evaluation');
});

it('shows every remark once', () => {
  render(<QueryNotes warnings={['careful']} infos={['metric might not be a counter']} />);
  expect(screen.getByLabelText('Warnings').textContent).toBe('careful');
  expect(screen.getByLabelText('Remarks').textContent).toBe('metric might not be a counter');
});
