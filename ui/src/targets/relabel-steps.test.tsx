// @vitest-environment happy-dom
// Relabeling rule by rule, as it is shown.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import type { Explanation, RelabelRule } from '../api/targets';
import { RelabelSteps } from './relabel-steps';

afterEach(cleanup);

const RULE: RelabelRule = {
  source_labels: ['__address__'],
  separator: ';',
  regex: '(.*):.*',
  target_label: 'host',
  replacement: '$1',
  action: 'replace',
};
const DROP: RelabelRule = { ...RULE, action: 'drop', regex: 'web.*' };
const LABELS = { __address__: 'web:1' };

function show(part: Partial<Explanation>, rules: RelabelRule[]) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  const data: Explanation = {
    discoveredLabels: LABELS,
    steps: [],
    outcome: 'target',
    ...part,
  };
  const answer = { data, warnings: [], infos: [], milliseconds: 1 };
  client.setQueryData(['relabel-explanation', 'node', JSON.stringify(LABELS)], answer);
  render(
    <QueryClientProvider client={client}>
      <RelabelSteps pool="node" labels={LABELS} rules={rules} />
    </QueryClientProvider>,
  );
}

function steps() {
  const list = document.querySelector('ol');
  return [...(list?.children ?? [])].map((step) => step.textContent);
}

const STEP = {
  rule: RULE,
  value: 'web:1',
  applied: true,
  keep: true,
  output: { ...LABELS, host: 'web' },
};

it('shows what each rule saw and changed', () => {
  const target = { url: 'http://web:1/metrics', labels: { host: 'web', instance: 'web:1' } };
  show({ steps: [STEP, { ...STEP, applied: false }], ...target }, [RULE, RULE]);
  expect(steps()).toEqual([
    'Set host to $1 where __address__ matches (.*):.*"web:1" matches.+ host "web"',
    'Set host to $1 where __address__ matches (.*):.*"web:1" does not match.Changes nothing.',
  ]);
  expect(document.body.textContent).toContain('instance is the address');
});

it('says which rule dropped it, and that the others were not reached', () => {
  const dropping = { rule: DROP, value: 'web:1', applied: true, keep: false, output: {} };
  show({ steps: [dropping], outcome: 'dropped', droppedBy: 0 }, [DROP, RULE]);
  expect(steps()[0]).toContain('dropped here');
  expect(steps()[1]).toContain('Not reached.');
  expect(document.body.textContent).toContain('Dropped by rule 1.');
});

it('says why what came out cannot be scraped', () => {
  show({ outcome: 'failed', error: 'no address' }, []);
  expect(document.body.textContent).toContain('Cannot be scraped: no address');
  expect(document.body.textContent).toContain('The job has no relabel_configs.');
});
