// A chart with its legend: owns which lines are hidden and where the crosshair is.
import { useComputedColorScheme } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { Chart } from './chart';
import { Legend } from './legend';
import type { Line } from './line';
import type { Scheme } from './palette';
import { type Crosshair, layers } from './plot-options';
import type { Unit } from './units';

export interface GraphProps {
  /** What the picture shows, for those who cannot see it. */
  label: string;
  times: number[];
  lines: Line[];
  /** Both ends of the time axis in milliseconds. */
  from: number;
  to: number;
  unit: Unit;
  height: number;
  syncKey: string;
  onZoom: (from: number, to: number) => void;
  isStacked?: boolean | undefined;
  min?: number | undefined;
  max?: number | undefined;
  fitsData?: boolean;
  threshold?: number | undefined;
  hasFocus?: boolean;
  note?: string | undefined;
  /** Places chart and legend; given the crosshair, so that a tooltip can follow it. */
  children: (parts: GraphParts) => ReactNode;
}

export interface GraphParts {
  chart: ReactNode;
  legend: ReactNode;
  pointer: Pointer | null;
}

export interface Pointer extends Crosshair {
  line: Line | undefined;
  scheme: Scheme;
}

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

export function Graph(props: GraphProps) {
  const { lines, from, to, isStacked = false, hasFocus = false } = props;
  const scheme = useComputedColorScheme('light');
  const [hidden, setHidden] = useState(NOTHING_HIDDEN);
  const [cursor, setCursor] = useState<Crosshair | null>(null);
  const [focus, setFocus] = useState<number | null>(null);

  const shown = useMemo(() => {
    const rest = lines.filter((line) => !hidden.has(line.id));
    return rest.length > 0 ? rest : lines;
  }, [lines, hidden]);
  const window = useMemo<[number, number]>(() => [from / 1000, to / 1000], [from, to]);
  const focused = focusedLine(shown, focus, isStacked);
  const chart = (
    <Chart
      label={props.label}
      times={props.times}
      lines={shown}
      window={window}
      unit={props.unit}
      scheme={scheme}
      isStacked={isStacked}
      min={props.min}
      max={props.max}
      fitsData={props.fitsData}
      threshold={props.threshold}
      height={props.height}
      syncKey={props.syncKey}
      hasFocus={hasFocus}
      onCursor={setCursor}
      onFocus={setFocus}
      onZoom={props.onZoom}
    />
  );
  const legend = (
    <Legend
      lines={lines}
      unit={props.unit}
      scheme={scheme}
      hidden={hidden}
      onHide={setHidden}
      cursor={cursor?.at ?? null}
      focused={cursor ? focused?.id : undefined}
      isList={hasFocus}
      note={props.note}
    />
  );
  const pointer = cursor && { ...cursor, line: focused, scheme };
  return props.children({ chart, legend, pointer });
}

function focusedLine(lines: Line[], focus: number | null, isStacked: boolean): Line | undefined {
  if (focus === null) return undefined;
  if (!isStacked) return lines[focus];
  const { stacked, overlays } = layers(lines);
  return [...stacked, ...overlays][focus];
}
