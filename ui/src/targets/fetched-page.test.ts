// The text of a fetched page: the line at fault, and the lines that are searched for.
import { expect, it } from 'vitest';
import type { FetchedPage } from '../api/targets';
import { splitAtFault } from './fetched-page';

const PAGE: FetchedPage = {
  url: 'http://a/metrics',
  contentType: 'text/plain',
  duration: 0.01,
  transferredBytes: 12,
  bytes: 12,
  text: 'a 1\nb x\nc 3\n',
  isCut: false,
  samples: 1,
};

it('leaves a page without a fault as it is', () => {
  expect(splitAtFault(PAGE, '')).toEqual({ before: PAGE.text, after: '' });
});

it('marks the line at fault', () => {
  const { before, fault, after } = splitAtFault({ ...PAGE, errorLine: 2 }, '');
  expect([before, fault, after]).toEqual(['a 1\n', 'b x', '\nc 3\n']);
});

it('shows only the lines that hold a text', () => {
  expect(splitAtFault(PAGE, 'C').before).toBe('c 3');
  expect(splitAtFault(PAGE, 'z').before).toBe('No line holds this text.');
});
