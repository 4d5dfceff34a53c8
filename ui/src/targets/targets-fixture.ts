// A target and a pool as the API tells them, for tests.
import type { Pool, Target } from '../api/targets';

export const POOL: Pool = {
  name: 'node',
  targets: 2,
  dropped: 0,
  scrapeInterval: '15s',
  scrapeTimeout: '10s',
  sampleLimit: 1_000,
};

export const TARGET: Target = {
  id: '00000000000000aa',
  scrapePool: 'node',
  scrapeUrl: 'http://web:9100/metrics',
  labels: { instance: 'web:9100', job: 'node', zone: 'a' },
  health: 'up',
  lastScrape: '2026-01-02T03:04:05.000Z',
  lastScrapeDuration: 0.0123,
  scrapeInterval: '15s',
  scrapeTimeout: '10s',
  samples: 500,
  samplesKept: 500,
  bodyBytes: 65_536,
};
