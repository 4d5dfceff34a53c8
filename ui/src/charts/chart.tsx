// One uPlot canvas as a component: made once per shape of data, then only fed.
import { memo, useEffect, useLayoutEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Plot, type PlotEvents, plotData, plotOptions } from './plot-options';

export interface ChartProps extends Plot {
  label: string;
  times: number[];
  /** Both ends of the time axis in seconds. */
  window: [number, number];
  height: number;
  onCursor: PlotEvents['onCursor'];
  onFocus?: PlotEvents['onFocus'];
  onZoom: PlotEvents['onZoom'];
}

export const Chart = memo(function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const shape = shapeOf(props);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape says when a new canvas is needed
  useLayoutEffect(() => {
    const element = holder.current;
    if (!element) return;
    const made = makeChart(element, latest);
    chart.current = made;
    const observer = new ResizeObserver(() => resize(made, element, latest.current.height));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape]);

  const { times, lines, isStacked, window } = props;
  const [from, to] = window;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ends of the window are read by the scale
  useEffect(() => {
    // Fresh data would pull the graph from under a selection that is being drawn.
    const isSelecting = (chart.current?.select.width ?? 0) > 0;
    if (!isSelecting) chart.current?.setData(plotData(times, lines, isStacked));
  }, [times, lines, isStacked, from, to]);

  return (
    <div
      ref={holder}
      role="img"
      aria-label={props.label}
      style={{ height: props.height, minWidth: 0 }}
    />
  );
});

/** Everything that uPlot takes only when it is made. */
function shapeOf({
  lines,
  unit,
  scheme,
  isStacked,
  min,
  max,
  fitsData,
  threshold,
  syncKey,
  height,
}: ChartProps) {
  const marks = lines.map((line) => [line.id, line.colour, line.isDashed, line.isOverlay]);
  return JSON.stringify([
    marks,
    unit,
    scheme,
    isStacked,
    min,
    max,
    fitsData,
    threshold,
    syncKey,
    height,
  ]);
}

function makeChart(element: HTMLElement, latest: { current: ChartProps }): uPlot {
  const props = latest.current;
  const events: PlotEvents = {
    window: () => latest.current.window,
    onCursor: (crosshair) => latest.current.onCursor(crosshair),
    onFocus: (line) => latest.current.onFocus?.(line),
    onZoom: (from, to) => latest.current.onZoom(from, to),
  };
  const options = plotOptions(props, events, element.clientWidth, props.height);
  return new uPlot(options, plotData(props.times, props.lines, props.isStacked), element);
}

function resize(chart: uPlot, element: HTMLElement, height: number): void {
  const width = element.clientWidth;
  if (width > 0 && width !== chart.width) chart.setSize({ width, height });
}
