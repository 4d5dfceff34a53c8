// Numbers and axis labels in every unit.
import { describe, expect, it } from 'vitest';
import { axisIncrements, formatAxis, formatValue, type Unit } from './units';

const values: [number, Unit, string][] = [
  [0, 'bytes', '0 B'],
  [512, 'bytes', '512 B'],
  [1536, 'bytes', '1.5 KiB'],
  [1023.7, 'bytes', '1 KiB'],
  [16_424_755_200, 'bytes', '15.3 GiB'],
  [-2048, 'bytesPerSecond', '-2 KiB/s'],
  [0.1234, 'ratio', '12.3 %'],
  [0.00123, 'ratio', '0.12 %'],
  [0.000001, 'ratio', '0 %'],
  [1, 'ratio', '100 %'],
  [0.9996, 'ratio', '100 %'],
  [999, 'short', '999'],
  [999.7, 'short', '1 k'],
  [1234, 'short', '1.23 k'],
  [0.052, 'short', '0.052'],
  [2_466_186, 'short', '2.47 M'],
  [1500, 'perSecond', '1.5 k/s'],
  [Math.PI, 'number', '3.14159'],
  [1e-9, 'number', '1.00e-9'],
  [12_345_678, 'number', '12345678'],
  [Number.NaN, 'bytes', 'NaN'],
  [Number.POSITIVE_INFINITY, 'short', '+Inf'],
  [Number.NEGATIVE_INFINITY, 'short', '-Inf'],
  [0, 'seconds', '0 s'],
  [0.0042, 'seconds', '4.2 ms'],
  [0.0000042, 'seconds', '4.2 µs'],
  [42, 'seconds', '42 s'],
  [90, 'seconds', '1 min 30 s'],
  [3_600, 'seconds', '1 h'],
  [273_600, 'seconds', '3 d 4 h'],
];

describe('formatValue', () => {
  it.each(values)('%d as %s is %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });
});

describe('formatAxis', () => {
  it('gives every label the decimals that the distance needs', () => {
    expect(formatAxis([0, 0.25, 0.5], 'short')).toEqual(['0', '0.25', '0.5']);
    expect(formatAxis([0, 0.005, 0.01], 'ratio')).toEqual(['0 %', '0.5 %', '1 %']);
    expect(formatAxis([0, 0.2, 0.4], 'ratio')).toEqual(['0 %', '20 %', '40 %']);
    expect(formatAxis([0, 512, 1024], 'bytes')).toEqual(['0 B', '512 B', '1 KiB']);
    expect(formatAxis([-1_048_576, 0, 1_048_576], 'bytesPerSecond')).toEqual([
      '-1 MiB/s',
      '0 B/s',
      '1 MiB/s',
    ]);
    expect(formatAxis([0, 2500, 5000], 'short')).toEqual(['0', '2.5 k', '5 k']);
    expect(formatAxis([0, 60, 120], 'seconds')).toEqual(['0 s', '1 min', '2 min']);
  });
});

describe('axisIncrements', () => {
  it('counts bytes in powers of two and the rest in decimals', () => {
    expect(axisIncrements('bytes')).toContain(2 ** 30);
    expect(axisIncrements('bytes')).not.toContain(1e9);
    expect(axisIncrements('short')).toContain(2500);
    expect(axisIncrements('seconds')).toContain(3600);
  });

  it.each(['bytes', 'short', 'seconds'] as const)('rises for %s', (unit) => {
    const increments = axisIncrements(unit);
    expect([...increments].sort((a, b) => a - b)).toEqual(increments);
  });
});
