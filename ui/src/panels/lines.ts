// Answers of a panel's queries turned into named, coloured, ordered lines.
import type { Labels, RangeSeries } from '../api/answer';
import { toColumns } from '../api/columns';
import { formatSeries } from '../api/labels';
import { isAtZero, type Line } from '../charts/line';
import type { Window } from '../state/time-range';
import type { PanelPlan, PanelQuery } from './plan';

export interface PanelLines {
  lines: Line[];
  /** How many lines were left out because they never leave zero. */
  folded: number;
}

export function panelLines(plan: PanelPlan, matrices: RangeSeries[][], window: Window): PanelLines {
  const subjects = new Map<string, number>();
  const lines = plan.queries.flatMap((query, at) => {
    const columns = toColumns(sorted(matrices[at] ?? [], plan), window);
    return columns.map((column): Line => {
      const subject = subjectOf(query.name, column.labels);
      return {
        id: `${at} ${formatSeries(column.labels)}`,
        label: fillName(query.name, column.labels),
        colour: query.colour ?? colourOf(subjects, subject, plan, column.labels),
        values: query.isNegative ? column.values.map(negate) : column.values,
        ...flags(query),
      };
    });
  });
  return plan.foldsZero ? foldZero(lines) : { lines, folded: 0 };
}

export function fillName(name: string, labels: Labels): string {
  return name.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}

/** What a line is about: the labels that its name mentions, else the name itself. */
function subjectOf(name: string, labels: Labels): string {
  const mentioned = [...name.matchAll(/\{\{(\w+)\}\}/g)].map(
    ([, label = '']) => labels[label] ?? '',
  );
  return mentioned.length > 0 ? mentioned.join(' ') : name;
}

function flags({ isDashed, isOverlay, isNegative }: PanelQuery): Partial<Line> {
  return {
    ...(isDashed && { isDashed }),
    ...(isOverlay && { isOverlay }),
    ...(isNegative && { isMirrored: true }),
  };
}

/** The same device has the same colour in every query; an ordered value has the colour of its place. */
function colourOf(
  subjects: Map<string, number>,
  subject: string,
  { order }: PanelPlan,
  labels: Labels,
): number {
  const place = order ? order.values.indexOf(labels[order.label] ?? '') : -1;
  if (place >= 0) return place;
  const known = subjects.get(subject);
  if (known !== undefined) return known;
  const next = subjects.size + (order?.values.length ?? 0);
  subjects.set(subject, next);
  return next;
}

function sorted(matrix: RangeSeries[], { order }: PanelPlan): RangeSeries[] {
  const rank = (labels: Labels) => {
    const place = order ? order.values.indexOf(labels[order.label] ?? '') : -1;
    return place < 0 ? Number.MAX_SAFE_INTEGER : place;
  };
  return [...matrix].sort(
    (a, b) =>
      rank(a.metric) - rank(b.metric) ||
      formatSeries(a.metric).localeCompare(formatSeries(b.metric), undefined, { numeric: true }),
  );
}

function foldZero(lines: Line[]): PanelLines {
  const moving = lines.filter((line) => !isAtZero(line));
  // When nothing moves, a flat line says so better than an empty chart.
  if (moving.length === 0) return { lines, folded: 0 };
  return { lines: moving, folded: lines.length - moving.length };
}

function negate(value: number | null): number | null {
  return value === null ? null : -value;
}
