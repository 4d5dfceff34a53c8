// Labels of the time axis: 24-hour clock, the date where a new day starts.
import { localTime, twoDigits } from '../state/instant';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `splits` and `increment` in seconds. */
export function timeLabels(splits: readonly number[], increment: number): string[] {
  let lastDay = '';
  return splits.map((split, at) => {
    const date = new Date(split * 1000);
    const day = dayLabel(date);
    const isNewDay = day !== lastDay && (at > 0 || isMidnight(date));
    lastDay = day;
    if (increment >= 86_400 || isNewDay) return day;
    const time = localTime(date);
    return increment < 60 ? time : time.slice(0, 5);
  });
}

function dayLabel(date: Date): string {
  return `${MONTHS[date.getMonth()]} ${twoDigits(date.getDate())}`;
}

function isMidnight(date: Date): boolean {
  return date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
}

/** Blanks the labels that would be cut off at the right edge of a plot that is `width` pixels wide. */
export function withoutCut(
  labels: string[],
  splits: readonly number[],
  window: [number, number],
  width: number,
): string[] {
  const [from, to] = window;
  return labels.map((label, at) => {
    const room = (width * (to - (splits[at] ?? 0))) / (to - from) + PADDING;
    return room < (label.length * DIGIT_WIDTH) / 2 ? '' : label;
  });
}

/** What a chart leaves free right of its plot. */
const PADDING = 8;

/** Pixels of one character in the font of the axes, rounded up. */
const DIGIT_WIDTH = 7;
