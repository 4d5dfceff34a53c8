// The JSON shapes of the query API, as the server sends them.

export type Labels = Record<string, string>;

/** Seconds since 1970 and the value as text, so that NaN, Inf and every digit survive. */
export type Sample = [number, string];

export interface NativeHistogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export interface InstantSeries {
  metric: Labels;
  value?: Sample;
  histogram?: [number, NativeHistogram];
}

export interface RangeSeries {
  metric: Labels;
  values?: Sample[];
  histograms?: [number, NativeHistogram][];
}

export type QueryData =
  | { resultType: 'vector'; result: InstantSeries[] }
  | { resultType: 'matrix'; result: RangeSeries[] }
  | { resultType: 'scalar' | 'string'; result: Sample };

export interface BuildInfo {
  version: string;
  revision?: string;
}

export interface Target {
  labels: Labels;
  scrapeInterval?: string;
}

/** What came back, with the notes the server attached and the time it took to arrive. */
export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
  milliseconds: number;
}
