// @vitest-environment happy-dom
// The states of a panel: loading, empty, failed with and without an older graph.
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { PanelFrame, type PanelFrameProps } from './panel-frame';

afterEach(cleanup);

const failure = new Error('query timed out');

function show(props: Partial<PanelFrameProps>) {
  render(
    <PanelFrame
      title="Load"
      href="/query"
      exprs={['node_load1', 'node_load5']}
      state="ready"
      error={null}
      frameRef={null}
      {...props}
    >
      {props.state === 'ready' ? 'the graph' : null}
    </PanelFrame>,
  );
  return screen.getByRole('region', { name: 'Load' });
}

it('is busy while loading', () => {
  expect(show({ state: 'loading' }).querySelector('[aria-busy="true"]')).toBeTruthy();
});

it('names the queries that returned nothing, and why that may be', () => {
  const text = show({ state: 'empty', absence: 'Old kernels have none.' }).textContent;
  expect(text).toContain('No data in this range.');
  expect(text).toContain('Old kernels have none.');
  expect(text).toContain('node_load1');
  expect(text).toContain('node_load5');
});

it('shows its own error', () => {
  const text = show({ state: 'loading', error: failure }).textContent;
  expect(text).toContain('The query failed query timed out');
});

it('keeps the older graph below its error', () => {
  const text = show({ state: 'ready', error: failure }).textContent;
  expect(text).toContain('Not refreshed query timed out');
  expect(text).toContain('the graph');
});

it('links to its queries', () => {
  const link = show({}).querySelector('a');
  expect(link?.getAttribute('href')).toBe('/query');
  expect(link?.getAttribute('aria-label')).toBe('Open the queries of Load');
});
