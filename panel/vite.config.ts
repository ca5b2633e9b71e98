import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds a coordinator. */
const coordinator = process.env.RM_COORDINATOR ?? 'http://127.0.0.1:7700'

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // The coordinator caches /assets/ by hash and for ever, and everything else not at all.
    assetsDir: 'assets',
    // Inlined assets would be data: addresses, which the site's content security policy refuses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/install.sh', '/uninstall.sh', '/dist'].map((path) => [
        path,
        { target: coordinator, changeOrigin: false },
      ]),
    ),
  },
  test: {
    // Tests that draw say so themselves: jsdom takes a second per file.
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    restoreMocks: true,
    // A whole page on a busy machine takes its time; a test that hangs is still told.
    testTimeout: 30_000,
  },
})
