// Turns our description of a chart into uPlot's options and data; the only file that knows both.
import type uPlot from 'uplot';
import type { Line } from './line';
import { chartInk, type Scheme, seriesColour, seriesDash } from './palette';
import { stack } from './stack';
import { timeLabels, withoutCut } from './time-axis';
import { axisIncrements, formatAxis, formatValue, type Unit } from './units';

export interface Plot {
  lines: Line[];
  unit: Unit;
  scheme: Scheme;
  isStacked: boolean;
  /** Fixed ends of the value axis; without them it follows the data and always shows zero. */
  min?: number | undefined;
  max?: number | undefined;
  /** The value axis follows the data and shows zero only when it is near. */
  fitsData?: boolean | undefined;
  /** A dashed line across the plot, always in its range. */
  threshold?: number | undefined;
  /** Charts with the same key share one crosshair. */
  syncKey: string;
  /** Finds the line under the pointer; off for charts whose legend says enough. */
  hasFocus: boolean;
}

/** Where the crosshair is. */
export interface Crosshair {
  /** Index of the step. */
  at: number;
  /** Pixels from the left edge of the plot. */
  left: number;
  /** True in the right half, where a tooltip has its room on the left. */
  isPastMiddle: boolean;
}

export interface PlotEvents {
  /** Both ends of the time axis in seconds. */
  window: () => [number, number];
  onCursor: (crosshair: Crosshair | null) => void;
  onFocus: (line: number | null) => void;
  onZoom: (from: number, to: number) => void;
}

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const MAX_FILLED_LINES = 6;

export function plotData(times: number[], lines: Line[], isStacked: boolean): uPlot.AlignedData {
  if (!isStacked) return [times, ...lines.map((line) => line.values)];
  const { stacked, overlays } = layers(lines);
  return [times, ...stack(stacked.map((line) => line.values)), ...overlays.map((o) => o.values)];
}

export function plotOptions(plot: Plot, events: PlotEvents, width: number, height: number) {
  const ink = chartInk(plot.scheme);
  const axis = { stroke: ink.axis, font: FONT, ticks: { show: false } };
  const grid = { stroke: ink.grid, width: 1 };
  const options: uPlot.Options = {
    width,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.3 },
    scales: {
      x: { time: true, range: () => events.window() },
      y: { range: (_, low, high) => valueRange(plot, low, high) },
    },
    axes: [
      {
        ...axis,
        grid: { ...grid, show: false },
        size: 26,
        space: 64,
        values: (chart, splits, _, __, increment) =>
          withoutCut(
            timeLabels(splits, increment),
            splits,
            events.window(),
            chart.bbox.width / devicePixelRatio,
          ),
      },
      {
        ...axis,
        grid,
        size: 62,
        space: 30,
        incrs: axisIncrements(plot.unit),
        values: (_, splits) => formatAxis(splits, plot.unit),
      },
    ],
    series: [{}, ...seriesOptions(plot)],
    bands: plot.isStacked ? bands(layers(plot.lines).stacked.length) : [],
    cursor: cursorOptions(plot),
    hooks: hooks(plot, events),
  };
  return options;
}

/** Lines in the order uPlot gets them: the stack from the bottom up, then what lies over it. */
export function layers(lines: Line[]): { stacked: Line[]; overlays: Line[] } {
  return {
    stacked: lines.filter((line) => !line.isOverlay),
    overlays: lines.filter((line) => line.isOverlay),
  };
}

function seriesOptions(plot: Plot): uPlot.Series[] {
  const { stacked, overlays } = layers(plot.lines);
  const ordered = plot.isStacked ? [...stacked, ...overlays] : plot.lines;
  const isFilled = plot.isStacked || ordered.length <= MAX_FILLED_LINES;
  return ordered.map((line) => {
    const colour = seriesColour(plot.scheme, line.colour);
    const dash = line.isDashed ? [5, 4] : plot.isStacked ? undefined : seriesDash(line.colour);
    const hasFill = isFilled && !line.isOverlay && !line.isDashed;
    return {
      label: line.id,
      stroke: colour,
      width: plot.isStacked && !line.isOverlay ? 1 : 1.5,
      points: { show: false, size: 4, fill: colour, filter: isolatedSamples },
      ...(dash ? { dash } : {}),
      ...(hasFill ? { fill: `${colour}${fillStrength(plot, line)}`, fillTo: 0 } : {}),
    };
  });
}

/** Alpha of an area: what is not the subject of a stack stays in the background. */
function fillStrength(plot: Plot, line: Line): string {
  if (!plot.isStacked) return '14';
  return line.colour < 0 ? '1c' : '66';
}

/** A sample between two gaps has no line through it, so it is drawn as a point. */
function isolatedSamples(plot: uPlot, series: number): number[] | null {
  const values = plot.data[series] ?? [];
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  }
  return found.length > 0 ? found : null;
}

function bands(count: number): uPlot.Band[] {
  return Array.from({ length: Math.max(0, count - 1) }, (_, at) => ({ series: [at + 2, at + 1] }));
}

export function valueRange(plot: Plot, low: number | null, high: number | null): [number, number] {
  const reach = plot.fitsData ? aroundData : withZero;
  const [fitLow, fitHigh] = reach(...withThreshold(plot.threshold, low, high));
  const least = plot.min ?? fitLow;
  const most = plot.max ?? fitHigh;
  return least < most ? [least, most] : [least, least + 1];
}

function withThreshold(
  threshold: number | undefined,
  low: number | null,
  high: number | null,
): [number, number] {
  if (threshold === undefined) return [low ?? 0, high ?? 0];
  return [Math.min(low ?? threshold, threshold), Math.max(high ?? threshold, threshold)];
}

function withZero(low: number, high: number): [number, number] {
  return [Math.min(0, low * 1.08), Math.max(0, high * 1.08)];
}

/** The data with some air; zero is shown when the data reaches into the lower part of that range. */
function aroundData(low: number, high: number): [number, number] {
  if (low >= 0 && low < high * 0.4) return withZero(low, high);
  if (high <= 0 && high > low * 0.4) return withZero(low, high);
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - air, high + air];
}

function cursorOptions(plot: Plot): uPlot.Cursor {
  return {
    y: false,
    // Only the crosshair is shared: a selection drawn on one chart must zoom once, not once per chart.
    sync: { key: plot.syncKey, setSeries: false, filters: { pub: isMove, sub: isMove } },
    drag: { x: true, y: false, setScale: false, dist: 6 },
    points: { size: 6, width: 0, show: !plot.isStacked },
    focus: { prox: plot.hasFocus ? 24 : -1 },
    // A double click belongs to the reader's text selection; zooming out has its own button.
    bind: { dblclick: () => null },
  };
}

function hooks(plot: Plot, events: PlotEvents): uPlot.Hooks.Arrays {
  return {
    draw: [
      (chart) => {
        if (plot.threshold !== undefined) drawThreshold(chart, plot.threshold, plot);
      },
    ],
    setCursor: [
      (chart) => {
        events.onCursor(crosshairOf(chart));
      },
    ],
    setSeries: [
      (_, series) => {
        if (plot.hasFocus) events.onFocus(series === null ? null : series - 1);
      },
    ],
    setSelect: [
      (chart) => {
        const { left, width } = chart.select;
        if (width < 6) return;
        const from = chart.posToVal(left, 'x');
        const to = chart.posToVal(left + width, 'x');
        chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        events.onZoom(from * 1000, to * 1000);
      },
    ],
  };
}

function drawThreshold(chart: uPlot, threshold: number, { scheme, unit }: Plot): void {
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(threshold, 'y', true)) + 0.5;
  const ink = chartInk(scheme).threshold;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  // Above the line, unless that would be outside of the plot.
  const isAtTop = y - bbox.top < 18 * devicePixelRatio;
  ctx.textBaseline = isAtTop ? 'top' : 'bottom';
  const gap = (isAtTop ? 3 : -3) * devicePixelRatio;
  ctx.fillText(`threshold ${formatValue(threshold, unit)}`, bbox.left + bbox.width - 4, y + gap);
  ctx.restore();
}

function crosshairOf({ cursor, over }: uPlot): Crosshair | null {
  const { idx, left = -1 } = cursor;
  if (idx == null || left < 0) return null;
  return { at: idx, left, isPastMiddle: left > over.clientWidth / 2 };
}

function isMove(event: string): boolean {
  return event === 'mousemove' || event === 'mouseleave' || event === 'mouseenter';
}
