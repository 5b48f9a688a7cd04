/// <reference types="vitest/config" />
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// In development the pages come from Vite and everything else from a service on this port.
const service = 'http://127.0.0.1:' + (process.env['LUOCHUI_PORT'] ?? '8130')

const BASE =
  /node_modules\/(@vue|vue)\/|src\/(api\/(http|doors)|live\/(vault|signing|keys|money)|text\/(index|zh|amount|time)|ui\/(Icon|useLoad|Tabs)|router\/|session)/

export default defineConfig({
  plugins: [vue({ features: { optionsAPI: false } })],
  build: {
    outDir: '../service/web_dist',
    emptyOutDir: true,
    target: 'chrome87',
    // The content security policy allows no data: addresses and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      output: {
        // What the hall needs anyway travels in one file: each lazy part that shares some of it would
        // otherwise cut it into smaller ones, which compress worse, and the hall has 60 KiB.
        codeSplitting: { groups: [{ name: 'base', test: BASE }] },
      },
    },
  },
  // The verifier's worker fetches the parser of timestamps as a part of its own.
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': service,
      '/ws': { target: service.replace('http', 'ws'), ws: true },
    },
  },
  test: { environment: 'node', include: ['test/**/*.test.ts'] },
})
