// The few icons of the interface, drawn as strokes in the colour of their text.

const PATHS = {
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  light:
    'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.100l1.4-1.400M17.7 6.300l1.4-1.4',
  dark: 'M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z',
  calendar: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4',
  earlier: 'M15 5l-7 7l7 7',
  later: 'M9 5l7 7l-7 7',
  opened: 'M5 9l7 7l7-7',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.5 15.500L20 20',
  page: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12.500h7M9 16.500h7',
  graph: 'M4 4v16h16M7.5 15l4-5l3 3l5-7',
  warning: 'M12 4L2.5 20h19zM12 10v4.500M12 17v.500',
  widen: 'M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.5 15.500L20 20M8 10.500h5',
  refresh: 'M20 5v5h-5M19.5 10A8 8 0 1 0 20 13.5',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  close: 'M6 6l12 12M18 6L6 18',
  add: 'M12 5v14M5 12h14',
  subtract: 'M5 12h14',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
