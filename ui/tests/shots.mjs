// Screenshots of all pages, light and dark, wide and at phone width:
// `npm run shots -- BASE-URL FOLDER [PAGE…]`.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base = 'http://127.0.0.1:9090', folder = 'shots', ...only] = process.argv.slice(2);

const GRAPH = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))';
const TABLE = '{__name__=~"node_network_.*_bytes_total"}';
const BROKEN = 'sum by (mode) rate(node_cpu_seconds_total[1m]))';

/** @type {Record<string, string>} */
const PAGES = {
  machine: '/machine?range=15m',
  query: `/query?${panels([GRAPH, 'graph'], [TABLE, 'table'])}`,
  'query-error': `/query?${panels([BROKEN, 'table'])}`,
  alerts: '/alerts',
  rules: '/rules',
  targets: '/targets',
  'service-discovery': '/service-discovery',
};

/** Buttons that are pressed before the picture, the first of that name. */
/** @type {Record<string, string>} */
const PRESSED = { targets: 'Look', 'service-discovery': 'Why' };

const WIDTHS = [1280, 390];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string[][]} entries expression and tab of each panel */
function panels(...entries) {
  const params = new URLSearchParams();
  entries.forEach(([expr = '', tab = ''], at) => {
    params.set(`g${at}.expr`, expr);
    params.set(`g${at}.tab`, tab);
    params.set(`g${at}.range_input`, '15m');
  });
  return params;
}

/**
 * One page at one width; returns what is wrong with it.
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {string} path
 * @param {string} file
 */
async function shoot(page, name, path, file) {
  await page.goto(base + path, { waitUntil: 'networkidle' });
  await page.waitForTimeout(600);
  const pressed = PRESSED[name];
  if (pressed) await page.getByRole('button', { name: pressed }).first().click();
  // Panels below the fold wait until they are near, so the page is walked once before its picture.
  const height = Number(await page.evaluate('document.body.scrollHeight'));
  for (let top = 0; top < height; top += 500) {
    await page.evaluate(`window.scrollTo(0, ${top})`);
    await page.waitForTimeout(250);
  }
  await page.evaluate('window.scrollTo(0, 0)');
  await page.waitForTimeout(400);
  await page.screenshot({ path: file, fullPage: true });
  const overflow = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  return Number(overflow) > 0 ? [`${file}: ${overflow} px wider than the screen`] : [];
}

await mkdir(folder, { recursive: true });
const profile = await mkdtemp(join(tmpdir(), 'shots-'));
/** @type {string[]} */
const faults = [];
for (const scheme of /** @type {const} */ (['light', 'dark'])) {
  for (const width of WIDTHS) {
    const browser = await chromium.launchPersistentContext(join(profile, `${scheme}-${width}`), {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: FLAGS,
      colorScheme: scheme,
      viewport: { width, height: width < 700 ? 844 : 800 },
      deviceScaleFactor: width < 700 ? 2 : 1,
    });
    const page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(`${scheme} ${width}: ${error.message}`));
    for (const [name, path] of Object.entries(PAGES)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const file = join(folder, `${name}-${scheme}-${width}.png`);
      faults.push(...(await shoot(page, name, path, file)));
      console.log(file);
    }
    await browser.close();
  }
}
await rm(profile, { recursive: true, force: true });
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
