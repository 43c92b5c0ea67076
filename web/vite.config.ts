import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const backend = process.env.BACKEND_URL ?? 'http://127.0.0.1:18000';
const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
    plugins: [react()],
    build: {
        // The phone page must run in WeChat's browser, whose engine is Chrome 100.
        target: 'chrome100',
        cssTarget: 'chrome100',
        chunkSizeWarningLimit: 1200,
        rolldownOptions: { input: { console: page('index.html'), phone: page('m/index.html') } },
    },
    server: {
        proxy: {
            '^/(prepay\\.|export/|callbacks/|client-config\\.json|sim/)': { target: backend },
        },
    },
    test: { include: ['tests/**/*.test.ts'] },
});
