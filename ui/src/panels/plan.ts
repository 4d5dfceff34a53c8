// The plan of a panel: its queries and how their answers are drawn.
import type { Unit } from '../charts/units';

export interface PanelQuery {
  expr: string;
  /** `{{label}}` is replaced by the label's value. */
  name: string;
  /** Drawn below zero. */
  isNegative?: boolean;
  isOverlay?: boolean;
  isDashed?: boolean;
  colour?: number;
}

export interface PanelPlan {
  id: string;
  title: string;
  unit: Unit;
  queries: PanelQuery[];
  isStacked?: boolean;
  max?: number;
  /** Values of this label in drawing order; others follow in order of name. */
  order?: { label: string; values: string[] };
  /** Lines that never leave zero are counted instead of drawn. */
  foldsZero?: boolean;
  /** Why a machine may honestly have none of this. */
  absence?: string;
}

/** Fills a plan's placeholders. */
export function fillExpr(expr: string, machine: string, rate: string): string {
  return expr.replaceAll('$machine', machine).replaceAll('$rate', rate);
}
