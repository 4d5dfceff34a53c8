// Error messages and the part of the expression that they point at.
import { describe, expect, it } from 'vitest';
import { locateError } from './error-position';

function marked(message: string, expression: string): string | undefined {
  const error = locateError(message, expression);
  return error && expression.slice(error.from, error.to);
}

describe('locateError', () => {
  it.each([
    ['1:5: parse error: unexpected <)>', 'up +)', ')'],
    ['1:1: parse error: unknown function with name "foo"', 'foo(up)', 'foo'],
    ['invalid parameter "query": 1:6: parse error: unexpected end', 'sum( ', '('],
    ['2:3: parse error: bad', 'up\n  nonsense here', 'nonsense'],
    ['1:10: parse error: after two-byte letters', '"éé" + ?', '?'],
    ['1:40: parse error: far past the end', 'up', 'p'],
    ['9:1: parse error: a line that is not there', 'up', 'up'],
  ])('%s', (message, expression, part) => {
    expect(marked(message, expression)).toBe(part);
  });

  it('keeps the reason and drops the position', () => {
    expect(locateError('invalid parameter "query": 1:5: parse error: no', 'up + )')).toMatchObject({
      text: 'no',
      line: 1,
      column: 5,
    });
  });

  it('does not invent a position', () => {
    expect(locateError('query timed out in expression evaluation', 'up')).toBeUndefined();
    expect(locateError('expanding series: 12:30: disk gone', 'up')).toBeUndefined();
  });

  it('marks nothing in an empty expression', () => {
    expect(locateError('1:1: parse error: no expression found', '')).toMatchObject({
      from: 0,
      to: 0,
    });
  });
});
