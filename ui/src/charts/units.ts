// Numbers as people read them: one function per place a number is shown, one table of units.

export type Unit =
  | 'number'
  | 'short'
  | 'ratio'
  | 'bytes'
  | 'bytesPerSecond'
  | 'perSecond'
  | 'seconds';

const BINARY_PREFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL_PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const CALENDAR: readonly [number, string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A value with its unit, about three significant digits. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return formatSpecial(value);
  switch (unit) {
    case 'number':
      return significant(value, 6);
    case 'short':
      return scaled(value, 1000, DECIMAL_PREFIXES, '');
    case 'perSecond':
      return scaled(value, 1000, DECIMAL_PREFIXES, '/s');
    case 'ratio':
      return `${percent(value * 100)} %`;
    case 'bytes':
      return scaled(value, 1024, BINARY_PREFIXES, 'B');
    case 'bytesPerSecond':
      return scaled(value, 1024, BINARY_PREFIXES, 'B/s');
    case 'seconds':
      return elapsed(value);
  }
}

/** Axis labels: all with the decimals that their distance needs, zero without a prefix. */
export function formatAxis(splits: readonly number[], unit: Unit): string[] {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) || 1;
  return splits.map((split) => axisLabel(split, step, unit));
}

/** Distances between grid lines that give round labels in the unit. */
export function axisIncrements(unit: Unit): number[] {
  if (unit === 'bytes' || unit === 'bytesPerSecond') return binaryIncrements();
  if (unit === 'seconds') return [...decimalIncrements(-9, 1), ...SECOND_INCREMENTS];
  return decimalIncrements(-12, 18);
}

const SECOND_INCREMENTS = [
  10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800, 1_209_600, 2_592_000, 8_640_000, 31_536_000, 315_360_000,
];

function decimalIncrements(from: number, to: number): number[] {
  const increments: number[] = [];
  for (let exponent = from; exponent < to; exponent += 1) {
    for (const factor of [1, 2, 2.5, 5]) increments.push(Number(`${factor}e${exponent}`));
  }
  return increments;
}

function binaryIncrements(): number[] {
  const increments: number[] = [];
  for (let power = 0; power < 62; power += 1) increments.push(2 ** power);
  return increments;
}

function axisLabel(value: number, step: number, unit: Unit): string {
  if (unit === 'ratio') return `${fixed(value * 100, step * 100)} %`;
  if (unit === 'seconds') return elapsed(value);
  const isBinary = unit === 'bytes' || unit === 'bytesPerSecond';
  const base = isBinary ? 1024 : 1000;
  const prefixes = isBinary ? BINARY_PREFIXES : DECIMAL_PREFIXES;
  const suffix = { bytes: 'B', bytesPerSecond: 'B/s', perSecond: '/s' }[unit as string] ?? '';
  const power = prefixPower(Math.abs(value), base);
  const divisor = base ** power;
  const number = fixed(value / divisor, step / divisor);
  return joinUnit(number, prefixes[power] ?? '', suffix);
}

function scaled(value: number, base: number, prefixes: string[], suffix: string): string {
  const power = prefixPower(Math.abs(value), base);
  return joinUnit(significant(value / base ** power, 3), prefixes[power] ?? '', suffix);
}

function joinUnit(number: string, prefix: string, suffix: string): string {
  const unit = `${prefix}${suffix}`;
  return unit === '' ? number : `${number} ${unit}`;
}

function prefixPower(magnitude: number, base: number): number {
  // 999.5 would round up to a fourth digit, so it already takes the next prefix.
  const threshold = base === 1000 ? 999.5 : 1023.5;
  let power = 0;
  for (let rest = magnitude; rest >= threshold && power < 6; rest /= base) power += 1;
  return power;
}

/** Always the same digits for the same size: a live number must not change its width. */
function percent(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude < 0.005) return '0';
  if (magnitude >= 99.95) return value.toFixed(0);
  return value.toFixed(magnitude >= 9.995 ? 1 : 2);
}

function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude < 1e-4 || magnitude >= 1e15) return value.toExponential(Math.min(2, digits));
  const whole = Math.floor(Math.log10(magnitude)) + 1;
  const decimals = Math.max(0, Math.min(digits + 3, digits - whole));
  return trimZeros(value.toFixed(decimals));
}

function fixed(value: number, step: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 1e-6) return value.toExponential(0);
  const decimals = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step) - 1e-9) + halfDigit(step)));
  return trimZeros(value.toFixed(decimals));
}

/** Steps such as 2.5 or 0.25 need one digit more than their magnitude says. */
function halfDigit(step: number): number {
  const leading = step / 10 ** Math.floor(Math.log10(step));
  return Math.abs(leading - Math.round(leading)) > 1e-6 ? 1 : 0;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function elapsed(seconds: number): string {
  const magnitude = Math.abs(seconds);
  if (magnitude === 0) return '0 s';
  if (magnitude < 1e-6) return `${significant(seconds * 1e9, 3)} ns`;
  if (magnitude < 1e-3) return `${significant(seconds * 1e6, 3)} µs`;
  if (magnitude < 1) return `${significant(seconds * 1e3, 3)} ms`;
  if (magnitude < 60) return `${significant(seconds, 3)} s`;
  const sign = seconds < 0 ? '-' : '';
  const first = CALENDAR.findIndex(([size]) => magnitude >= size);
  const [size, name] = CALENDAR[first] ?? [1, 's'];
  const [lesser, lesserName] = CALENDAR[first + 1] ?? [1, 's'];
  const count = Math.floor(magnitude / size);
  const rest = Math.floor((magnitude - count * size) / lesser);
  return rest === 0 ? `${sign}${count} ${name}` : `${sign}${count} ${name} ${rest} ${lesserName}`;
}
