// @vitest-environment happy-dom
// A rule of the alerts page: what it says folded and opened.
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import type { Alert, AlertingRule } from '../api/rules';
import { AlertRow, alertValue } from './alert-row';
import { isLink } from './annotations';
import { graphHref } from './graph-link';
import { ALERTING, group } from './rules-fixture';

afterEach(cleanup);

const NOW = Date.parse('2026-01-02T03:10:00Z');

const ALERT: Alert = {
  labels: { alertname: 'Down', instance: 'web:1', severity: 'critical' },
  annotations: { summary: 'web:1 is down' },
  state: 'firing',
  activeAt: '2026-01-02T03:05:00Z',
  value: '0e+00',
};

function show(part: Partial<AlertingRule>, isOpen = false) {
  render(
    <ul>
      <AlertRow
        id="x"
        rule={{ ...ALERTING, ...part }}
        group={group('node', [])}
        now={NOW}
        isOpen={isOpen}
        onToggle={() => {}}
        onPick={() => {}}
      />
    </ul>,
  );
  return screen.getAllByRole('listitem')[0]?.textContent ?? '';
}

it('tells what fires without being opened', () => {
  const pending: Alert = { ...ALERT, state: 'pending', labels: { instance: 'db:1' } };
  const text = show({ state: 'firing', alerts: [pending, ALERT] });
  expect(text).toContain('1 firing, 1 pending, since 5 min ago');
  expect(text).toContain('web:1 is down');
  const states = screen.getAllByRole('listitem').map((item) => item.textContent?.slice(0, 7));
  expect(states.slice(1)).toEqual(['firing', 'pending'].map((s) => expect.stringContaining(s)));
});

it('is one line while nothing is the matter', () => {
  expect(show({})).toBe('inactiveDownseverity="critical"nodeGraph');
});

it('tells everything when it is opened', () => {
  const text = show({ keepFiringFor: 120, alerts: [] }, true);
  expect(text).toContain('up == 0');
  expect(text).toContain('Fires after1 min');
  expect(text).toContain('Goes on for2 min');
  expect(text).toContain('{{ $labels.instance }} is down');
});

it('is not quiet but failing when it cannot be evaluated', () => {
  const text = show({ health: 'err', lastError: 'many-to-many' });
  expect(text).toMatch(/^failingDown.*many-to-many$/);
});

it('says what holds an alert whose condition has ended', () => {
  const kept = { ...ALERT, keepFiringSince: '2026-01-02T03:09:30Z' };
  expect(show({ state: 'firing', alerts: [kept] })).toContain('The condition ended 30 s ago');
});

it('leads to the graph of what is compared, with the threshold', () => {
  const params = new URLSearchParams(graphHref('a > 5', true).split('?')[1]);
  expect([params.get('g0.expr'), params.get('g0.threshold')]).toEqual(['a', '5']);
  const whole = new URLSearchParams(graphHref('a > 5', false).split('?')[1]);
  expect([whole.get('g0.expr'), whole.get('g0.threshold')]).toEqual(['a > 5', null]);
});

it('reads values and follows web addresses only', () => {
  expect(['1e+00', '2.5e-01', '+Inf', 'NaN'].map(alertValue)).toEqual(['1', '0.25', '+Inf', 'NaN']);
  const links = ['https://a/b', 'javascript:alert(1)', 'see https://a', 'http://a/"x'];
  expect(links.map(isLink)).toEqual([true, false, false, false]);
});
