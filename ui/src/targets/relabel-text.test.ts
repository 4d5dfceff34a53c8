// Relabel rules in words.
import { expect, it } from 'vitest';
import type { RelabelRule } from '../api/targets';
import { ruleText } from './relabel-text';

const RULE: RelabelRule = {
  source_labels: ['a', 'b'],
  separator: ';',
  regex: '(.*)',
  target_label: 't',
  replacement: '$1',
  action: 'replace',
};

const CASES: [Partial<RelabelRule>, string][] = [
  [{}, 'Set `t` to `a;b`'],
  [{ regex: 'x(.*)' }, 'Set `t` to `$1` where `a;b` matches `x(.*)`'],
  [{ replacement: 'fixed' }, 'Set `t` to `fixed`'],
  [{ source_labels: [], replacement: 'fixed' }, 'Set `t` to `fixed`'],
  [{ regex: 'x', replacement: '' }, 'Remove `t` where `a;b` matches `x`'],
  [{ action: 'keep', regex: 'x' }, 'Keep only where `a;b` matches `x`'],
  [{ action: 'drop', regex: 'x' }, 'Drop where `a;b` matches `x`'],
  [{ action: 'dropequal' }, 'Drop where `a;b` equals `t`'],
  [{ action: 'hashmod', modulus: 4 }, 'Set `t` to the hash of `a;b` modulo 4'],
  [{ action: 'lowercase' }, 'Set `t` to `a;b` in lower case'],
  [{ action: 'labelmap', regex: 'm_(.+)' }, 'Copy labels named `m_(.+)` to `$1`'],
  [{ action: 'labeldrop', regex: 'm_.+' }, 'Remove labels named `m_.+`'],
];

it.each(CASES)('%o', (part, text) => {
  const pieces = ruleText({ ...RULE, ...part });
  expect(pieces.map((piece) => (piece.isCode ? `\`${piece.text}\`` : piece.text)).join(' ')).toBe(
    text,
  );
});
