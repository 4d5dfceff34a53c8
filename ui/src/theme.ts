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

export const theme = createTheme({
  colors: { ember },
  primaryColor: 'ember',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  respectReducedMotion: true,
  cursorType: 'pointer',
  defaultRadius: 'sm',
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
});
