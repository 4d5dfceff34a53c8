// Labels of the time axis.
import { expect, it } from 'vitest';
import { timeLabels, withoutCut } from './time-axis';

const at = (day: number, hour: number, minute = 0, second = 0) =>
  new Date(2026, 2, day, hour, minute, second).getTime() / 1000;

it('shows seconds only when the lines are that close', () => {
  expect(timeLabels([at(1, 9), at(1, 9, 0, 30)], 30)).toEqual(['09:00:00', '09:00:30']);
  expect(timeLabels([at(1, 9), at(1, 9, 5)], 300)).toEqual(['09:00', '09:05']);
});

it('names the day where a new one starts', () => {
  expect(timeLabels([at(1, 18), at(2, 0), at(2, 6)], 21_600)).toEqual(['18:00', 'Mar 02', '06:00']);
});

it('names only days when the lines are days apart', () => {
  expect(timeLabels([at(1, 1), at(2, 1)], 86_400)).toEqual(['Mar 01', 'Mar 02']);
});

it('leaves out a label that the right edge would cut', () => {
  expect(withoutCut(['a', '00:00'], [0, 100], [0, 100], 500)).toEqual(['a', '']);
  expect(withoutCut(['a', '00:00'], [0, 96], [0, 100], 500)).toEqual(['a', '00:00']);
});
