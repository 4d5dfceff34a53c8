// A query's answer as rows: one per series, whatever its type; values as the server wrote them.
import type { Labels, NativeHistogram, QueryData, Sample } from '../api/answer';
import { formatInstant } from '../state/instant';

export interface ResultRow {
  /** Undefined for a scalar or a string, which have no labels. */
  labels: Labels | undefined;
  /** One value, or one line per sample of a matrix. */
  value: string;
}

const KINDS: Record<QueryData['resultType'], string> = {
  vector: 'instant vector',
  matrix: 'range vector',
  scalar: 'scalar',
  string: 'string',
};

export function resultKind(data: QueryData): string {
  return KINDS[data.resultType];
}

export function resultRows(data: QueryData): ResultRow[] {
  switch (data.resultType) {
    case 'scalar':
    case 'string':
      return [{ labels: undefined, value: data.result[1] }];
    case 'vector':
      return data.result.map(({ metric, value, histogram }) => ({
        labels: metric,
        value: histogram ? histogramText(histogram[1]) : (value?.[1] ?? ''),
      }));
    case 'matrix':
      return data.result.map(({ metric, values, histograms }) => ({
        labels: metric,
        value: [...(values ?? []).map(sampleText), ...(histograms ?? []).map(histogramLine)].join(
          '\n',
        ),
      }));
  }
}

function sampleText([time, value]: Sample): string {
  return `${value}  @ ${formatInstant(time * 1000)}`;
}

function histogramLine([time, histogram]: [number, NativeHistogram]): string {
  return `${histogramText(histogram)}  @ ${formatInstant(time * 1000)}`;
}

function histogramText({ count, sum, buckets }: NativeHistogram): string {
  return `count ${count}, sum ${sum}, ${buckets?.length ?? 0} buckets`;
}
