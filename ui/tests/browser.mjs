// All pages driven in a browser under the strict content policy: `npm run browser -- BASE-URL`.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base = 'http://127.0.0.1:9090'] = process.argv.slice(2);

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self'";

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const PAGES = [
  '/machine',
  '/query',
  '/graph',
  '/alerts',
  '/rules',
  '/targets',
  '/service-discovery',
];

/** @typedef {import('playwright-core').Page} Page */

/** @type {Record<string, (page: Page) => Promise<void>>} */
const cases = {
  async 'the machine page draws graphs and numbers'(page) {
    await page.goto(`${base}/machine`);
    await page.locator('section[aria-label="CPU by mode"] canvas').waitFor();
    await page.locator('dl').getByText('CPU busy').waitFor();
    assert.match((await page.locator('dl').textContent()) ?? '', /[\d.]+ %/);
  },

  async 'panels below the fold have not asked yet'(page) {
    /** @type {string[]} */
    const asked = [];
    page.on('request', (request) => asked.push(request.postData() ?? ''));
    await page.goto(`${base}/machine`);
    await page.locator('section[aria-label="CPU by mode"] canvas').waitFor();
    assert(!asked.some((body) => body.includes('node_filefd_allocated')));
    await page.locator('section[aria-label="Open file descriptors"]').scrollIntoViewIfNeeded();
    await page.locator('section[aria-label="Open file descriptors"] canvas').waitFor();
  },

  async 'graphs move'(page) {
    await page.goto(`${base}/machine?refresh=5s`);
    await page.locator('section[aria-label="CPU by mode"] canvas').waitFor();
    await page.waitForTimeout(1_000);
    await page.waitForRequest(/query_range/, { timeout: 12_000 });
  },

  async 'dragging over a graph zooms, and back undoes it'(page) {
    await page.goto(`${base}/machine?range=15m`);
    const plot = page.locator('section[aria-label="CPU by mode"] .u-over');
    await plot.waitFor();
    const box = await plot.boundingBox();
    assert(box);
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 4 });
    await page.waitForTimeout(200);
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/, { waitUntil: 'commit' });
    await page.goBack();
    await page.waitForURL(/range=15m/, { waitUntil: 'commit' });
  },

  async 'the crosshair is shared'(page) {
    await page.goto(`${base}/machine?refresh=off`);
    await page.locator('section[aria-label="Memory"] .u-over').waitFor();
    await page.locator('section[aria-label="CPU by mode"] .u-over').hover();
    await page
      .getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
      .nth(1)
      .waitFor();
  },

  async 'an expression is typed, run by Enter and kept in the address'(page) {
    await page.goto(`${base}/query`);
    const editor = page.locator('.cm-content');
    await editor.waitFor();
    await editor.click();
    await page.keyboard.type('1 + 1');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForURL(/g0\.expr=1/);
    await page.locator('tbody td').getByText('2', { exact: true }).waitFor();
  },

  async 'an error is underlined where it is'(page) {
    await page.goto(`${base}/query?${new URLSearchParams({ 'g0.expr': 'up + )' })}`);
    await page.getByRole('alert').waitFor();
    await page.locator('.cm-expression-error').waitFor();
    assert.equal(await page.locator('.cm-expression-error').textContent(), ')');
  },

  async 'a link of Prometheus 2 opens its graph'(page) {
    await page.goto(`${base}/graph?g0.expr=up&g0.tab=0&g0.range_input=5m`);
    await page.waitForURL(/\/query\?/);
    await page.locator('canvas').waitFor();
  },

  async 'queries are added and removed, and the others stay'(page) {
    const three = { 'g0.expr': '1', 'g1.expr': '2', 'g2.expr': '3' };
    await page.goto(`${base}/query?${new URLSearchParams(three)}`);
    await page.getByRole('button', { name: 'Remove this query' }).nth(1).click();
    await page.getByRole('region', { name: '2' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add a query' }).click();
    await page.getByRole('region', { name: 'New query' }).waitFor();
    const params = new URL(page.url()).searchParams;
    assert.deepEqual(
      [0, 1, 2].map((at) => params.get(`g${at}.expr`)),
      ['1', '3', ''],
    );
  },

  async 'ten thousand rows do not freeze the page'(page) {
    await page.route('**/api/v1/query', (route) => route.fulfill({ json: manyRows(10_000) }));
    await page.goto(`${base}/query?g0.expr=many&g0.tab=table`);
    await page.getByText('10,000 series').waitFor({ timeout: 5_000 });
    assert((await page.locator('tbody tr').count()) < 1_000);
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await page.getByText('"row 9999"').waitFor({ timeout: 5_000 });
  },

  async 'a failing server is named and what was shown stays'(page) {
    await page.goto(`${base}/machine?refresh=5s`);
    await page.locator('section[aria-label="CPU by mode"] canvas').waitFor();
    await page.route('**/api/v1/query_range', (route) => route.abort());
    await page.getByText('Not refreshed').first().waitFor({ timeout: 12_000 });
    assert(await page.locator('section[aria-label="CPU by mode"] canvas').isVisible());
  },

  async 'a target is looked at and its page is fetched'(page) {
    await page.goto(`${base}/targets`);
    await page.getByRole('button', { name: 'Look' }).first().click();
    await page.getByText(/[\d,]+ samples · /).waitFor();
    await page.locator('pre').getByText('# TYPE').first().waitFor();
  },

  async 'five thousand targets do not freeze the page'(page) {
    await page.route('**/api/v1/targets/overview*', (route) =>
      route.fulfill({ json: manyTargets(5_000) }),
    );
    await page.goto(`${base}/targets`);
    await page.getByRole('button', { name: 'many', exact: true }).click();
    await page.getByText('http://host-0:1/metrics').waitFor({ timeout: 5_000 });
    assert((await page.locator('main li').count()) < 500);
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await page.getByText('http://host-4999:1/metrics').waitFor({ timeout: 5_000 });
    await page.getByLabel('Filter', { exact: true }).fill('host-777');
    await page.getByText('http://host-777:1/metrics').waitFor({ timeout: 5_000 });
    await page.waitForURL(/search=host-777/);
  },

  async 'relabeling is explained rule by rule'(page) {
    await page.goto(`${base}/service-discovery`);
    await page.getByRole('button', { name: 'Why' }).first().click();
    await page.getByRole('heading', { name: 'Result' }).waitFor();
    await page.locator('main dt').getByText('__address__').first().waitFor();
  },

  async 'an alert leads to its graph with the threshold'(page) {
    await page.route('**/api/v1/rules?*', (route) => route.fulfill({ json: oneAlert() }));
    await page.goto(`${base}/alerts`);
    await page.getByText('1 firing').waitFor();
    await page.getByRole('link', { name: 'Graph' }).click();
    await page.waitForURL(/g0\.threshold=5/);
    await page.locator('canvas').waitFor();
    assert.equal(await page.getByLabel(/^Threshold/).inputValue(), 'threshold 5');
  },

  async 'the colour scheme goes round and is kept'(page) {
    await page.goto(`${base}/query`);
    const toggle = page.getByRole('button', { name: /^Colours/ });
    await toggle.click();
    await toggle.click();
    await page.reload();
    await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  },
};

/** @param {URL} url */
function isPage(url) {
  return PAGES.includes(url.pathname);
}

/** @param {number} count */
function manyTargets(count) {
  const interval = { scrapeInterval: '15s', scrapeTimeout: '10s' };
  const time = new Date().toISOString();
  const targets = Array.from({ length: count }, (_, at) => ({
    id: String(at),
    scrapePool: 'many',
    scrapeUrl: `http://host-${at}:1/metrics`,
    labels: { instance: `host-${at}:1`, job: 'many' },
    health: 'up',
    lastScrape: time,
    lastScrapeDuration: 0.01,
    samples: 1,
    samplesKept: 1,
    bodyBytes: 10,
    ...interval,
  }));
  const pools = [{ name: 'many', targets: count, dropped: 0, ...interval }];
  return { status: 'success', data: { time, pools, targets } };
}

function oneAlert() {
  const now = new Date().toISOString();
  const alert = { labels: { alertname: 'A' }, annotations: {}, state: 'firing', value: '6e+00' };
  const rule = {
    type: 'alerting',
    state: 'firing',
    name: 'A',
    query: 'count({__name__!=""}) > 5',
    duration: 0,
    keepFiringFor: 0,
    labels: {},
    annotations: {},
    alerts: [{ ...alert, activeAt: now }],
    health: 'ok',
    evaluationTime: 0.001,
    lastEvaluation: now,
  };
  const evaluated = { interval: 15, limit: 0, evaluationTime: 0.001, lastEvaluation: now };
  const group = { name: 'g', file: 'f.yml', rules: [rule], ...evaluated };
  return { status: 'success', data: { groups: [group] } };
}

/** @param {number} count */
function manyRows(count) {
  const result = Array.from({ length: count }, (_, at) => ({
    metric: { __name__: 'many', label: `row ${at}` },
    value: [0, String(at)],
  }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

/**
 * One case in a fresh profile; pages answer with the policy that the server sends.
 * @param {string} profile
 * @param {(page: Page) => Promise<void>} run
 */
async function runCase(profile, run) {
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
  });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const refused = [];
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    page.on('pageerror', (error) => refused.push(error.message));
    await page.route(isPage, async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'content-security-policy': POLICY };
      await route.fulfill({ response, headers });
    });
    page.setDefaultTimeout(15_000);
    await run(page);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    assert.deepEqual(refused, []);
  } finally {
    await browser.close();
  }
}

const profiles = await mkdtemp(join(tmpdir(), 'browser-'));
let failed = 0;
for (const [at, [name, run]] of Object.entries(cases).entries()) {
  try {
    await runCase(join(profiles, String(at)), run);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error}`);
  }
}
await rm(profiles, { recursive: true, force: true });
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
