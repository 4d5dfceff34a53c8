// Size gate: what the first load of each page costs, gzipped; fails when a page is over the limit.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const LIMIT = 200_000;
const DIST = new URL('../dist/', import.meta.url).pathname;
const PAGES = {
  '/machine': 'src/pages/machine.tsx',
  '/query': 'src/pages/query.tsx',
  '/alerts': 'src/pages/alerts.tsx',
  '/rules': 'src/pages/rules.tsx',
  '/targets': 'src/pages/targets.tsx',
  '/service-discovery': 'src/pages/service-discovery.tsx',
};

/** @typedef {{ file: string, css?: string[], imports?: string[], dynamicImports?: string[] }} Chunk */

/** @type {Record<string, Chunk>} */
const manifest = JSON.parse(await readFile(join(DIST, 'manifest.json'), 'utf8'));

/**
 * Every file that a chunk needs before it can run.
 * @param {string} key
 * @param {Set<string>} files
 */
function collect(key, files) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the build manifest`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) files.add(sheet);
  for (const next of chunk.imports ?? []) collect(next, files);
}

/** @param {string} page */
async function measure(page) {
  const files = new Set(['index.html']);
  collect('index.html', files);
  collect(page, files);
  const sizes = { html: 0, js: 0, css: 0, total: 0 };
  for (const file of files) {
    const { size } = await stat(join(DIST, `${file}.gz`));
    const kind = file.endsWith('.css') ? 'css' : file.endsWith('.html') ? 'html' : 'js';
    sizes[kind] += size;
    sizes.total += size;
  }
  return sizes;
}

const kilobytes = (/** @type {number} */ bytes) => (bytes / 1000).toFixed(1).padStart(8);

console.log(`first load, kB gzipped (limit ${LIMIT / 1000})`);
console.log('page          html      js     css   total');
let over = 0;
for (const [route, source] of Object.entries(PAGES)) {
  const { html, js, css, total } = await measure(source);
  const row = [html, js, css, total].map(kilobytes).join('');
  console.log(`${route.padEnd(10)}${row}${total > LIMIT ? '  OVER THE LIMIT' : ''}`);
  if (total > LIMIT) over += 1;
}
process.exit(over > 0 ? 1 : 0);
