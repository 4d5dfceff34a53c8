// Mantine's theme: our accent, our fonts, small controls.
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const ember: MantineColorsTuple = [
  '#fff4ec',
  '#ffe6d5',
  '#fdc9a8',
  '#faa976',
  '#f58c4c',
  '#ec7530',
  '#d15c18',
  '#b84a10',
  '#983e10',
  '#7b3310',
];

/** From the lightest text to the darkest ground; the middle ones are edges and controls. */
const dark: MantineColorsTuple = [
  '#e3e7eb',
  '#a9b3bd',
  '#8a95a0',
  '#6d7883',
  '#3a424a',
  '#2b3138',
  '#1b1f24',
  '#16191d',
  '#101317',
  '#0a0c0e',
];

export const theme = createTheme({
  colors: { ember, dark },
  primaryColor: 'ember',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  respectReducedMotion: true,
  cursorType: 'pointer',
  defaultRadius: 'sm',
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
});
