// The comparison with a constant at the top of an alert's expression: what is compared, with what.

export interface Comparison {
  /** The side that changes: what a graph shows. */
  expr: string;
  threshold: number;
}

const OPERATORS = ['==', '!=', '>=', '<=', '>', '<'] as const;

/** Of several conditions joined by set operators the first one counts. Undefined: there is none. */
export function findComparison(expr: string): Comparison | undefined {
  const whole = stripParentheses(expr.trim());
  const first = topLevelSplit(whole, /^(?:and|or|unless)\b/i)?.left;
  if (first !== undefined) return findComparison(first);
  for (const operator of OPERATORS) {
    const parts = topLevelSplit(whole, operatorPattern(operator));
    if (!parts) continue;
    const right = parts.right.replace(/^\s*bool\b/i, '');
    const threshold = constant(right);
    if (threshold !== undefined) return { expr: stripParentheses(parts.left), threshold };
    const mirrored = constant(parts.left);
    if (mirrored !== undefined) return { expr: stripParentheses(right), threshold: mirrored };
    return undefined;
  }
  return undefined;
}

function operatorPattern(operator: string): RegExp {
  const isStrict = operator === '>' || operator === '<';
  return new RegExp(`^${operator}${isStrict ? '(?!=)' : ''}`);
}

/** Both sides of the first match outside of parentheses, braces, brackets and quotes. */
function topLevelSplit(expr: string, pattern: RegExp): { left: string; right: string } | undefined {
  const places = topLevelPlaces(expr);
  for (const at of places) {
    const match = pattern.exec(expr.slice(at));
    // A word begins where no name ends.
    if (!match || (/^\w/.test(match[0]) && /[\w:]/.test(expr[at - 1] ?? ''))) continue;
    return { left: expr.slice(0, at).trim(), right: expr.slice(at + match[0].length).trim() };
  }
  return undefined;
}

function topLevelPlaces(expr: string): number[] {
  const places: number[] = [];
  let depth = 0;
  let quote = '';
  for (let at = 0; at < expr.length; at += 1) {
    const sign = expr[at] ?? '';
    if (quote !== '') {
      if (sign === '\\' && quote !== '`') at += 1;
      else if (sign === quote) quote = '';
    } else if ('"\'`'.includes(sign)) {
      quote = sign;
    } else if ('([{'.includes(sign)) {
      depth += 1;
    } else if (')]}'.includes(sign)) {
      depth -= 1;
    } else if (depth === 0) {
      places.push(at);
    }
  }
  return places;
}

/** Without parentheses around the whole. */
function stripParentheses(expr: string): string {
  const isWrapped = expr.startsWith('(') && expr.endsWith(')') && topLevelPlaces(expr).length === 0;
  if (!isWrapped) return expr;
  // `(a) (b)` has none outside either, but is no expression; `(a) + (b)` has the operator.
  return stripParentheses(expr.slice(1, -1).trim());
}

/** A number, or numbers joined by `*` and `/`. */
function constant(text: string): number | undefined {
  const parts = stripParentheses(text.trim()).split(/([*/])/);
  let value = number(parts[0] ?? '');
  for (let at = 1; at < parts.length; at += 2) {
    const next = number(parts[at + 1] ?? '');
    if (value === undefined || next === undefined) return undefined;
    value = parts[at] === '*' ? value * next : value / next;
  }
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

const DURATION_SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

function number(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) {
    return Number(trimmed.replaceAll('_', ''));
  }
  const sign = trimmed.startsWith('-') ? -1 : 1;
  const units = trimmed.replace(/^[+-]/, '').match(/^(?:\d+(?:ms|[smhdwy]))+$/)
    ? [...trimmed.matchAll(/(\d+)(ms|[smhdwy])/g)]
    : [];
  if (units.length === 0) return undefined;
  const seconds = units.map(
    ([, count, unit]) => Number(count) * (DURATION_SECONDS[unit ?? ''] ?? 0),
  );
  return sign * seconds.reduce((sum, part) => sum + part, 0);
}
