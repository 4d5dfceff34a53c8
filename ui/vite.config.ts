// How the pages are built, served while developing, and tested.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { precompress } from './build/precompress.ts';

const server = process.env.NARTHEX_URL ?? 'http://127.0.0.1:9090';
const proxy = { '/api': server, '/-': server, '/metrics': server };

export default defineConfig({
  base: '/',
  plugins: [react(), precompress()],
  server: { proxy },
  preview: { proxy },
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    // An inlined asset would need a wider content security policy.
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});
