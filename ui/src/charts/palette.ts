// Series colours that stay apart for colour-blind readers, one set per colour scheme.

export type Scheme = 'light' | 'dark';

/** After Okabe and Ito; darkened for white ground, lightened for dark ground. */
const SERIES: Record<Scheme, readonly string[]> = {
  light: ['#0072b2', '#d55e00', '#009e73', '#b5559a', '#c98a00', '#3a9bd9', '#7a5a2f', '#6a51c9'],
  dark: ['#4ea6e6', '#f08a4b', '#2bbf95', '#e08ac6', '#e9b44c', '#8fd3ff', '#c8a46c', '#a995ff'],
};

/** Past the colours a line is told apart by its dashes. */
const DASHES: readonly (number[] | undefined)[] = [undefined, [7, 3], [2, 3], [9, 3, 2, 3]];

export interface ChartInk {
  axis: string;
  grid: string;
  muted: string;
  threshold: string;
}

const INK: Record<Scheme, ChartInk> = {
  light: { axis: '#5c6772', grid: '#e9ecef', muted: '#8b95a0', threshold: '#c0261f' },
  dark: { axis: '#98a3ae', grid: '#262c33', muted: '#6d7883', threshold: '#ff8078' },
};

/** Colour numbers below zero are the quiet ink: totals and limits that are not the subject. */
export const QUIET = -1;

export function seriesColour(scheme: Scheme, number: number): string {
  if (number < 0) return INK[scheme].muted;
  const colours = SERIES[scheme];
  return colours[number % colours.length] ?? INK[scheme].axis;
}

export function seriesDash(number: number): number[] | undefined {
  const turn = Math.floor(Math.max(0, number) / SERIES.light.length);
  return DASHES[turn % DASHES.length];
}

export function chartInk(scheme: Scheme): ChartInk {
  return INK[scheme];
}
