// What all panels of the machine page look at: which machine, when, and how its rates are taken.
import type { Window } from '../state/time-range';

export interface View {
  /** Matchers that select the machine, such as `job="node"`. */
  machine: string;
  window: Window;
  /** Range of every `rate`, such as `20s`. */
  rate: string;
  /** The end of the range, not rounded to a step, for numbers at one instant. */
  at: number;
  /** True while the window follows the clock. */
  isLive: boolean;
  /** False until the machine and its scrape interval are known. */
  isReady: boolean;
}
