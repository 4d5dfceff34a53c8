// The plan of a small number: its queries and how their answers are read.
import type { InstantSeries } from '../api/answer';

export interface StatReading {
  value: string;
  detail: string;
  /** Share of what there is, from 0 to 1, drawn as a bar. */
  share?: number;
}

export interface StatPlan {
  id: string;
  title: string;
  exprs: string[];
  /** Undefined when the answers do not hold the number. */
  read: (answers: InstantSeries[][], at: number) => StatReading | undefined;
}
