// Fails the build when the phone page would load more than its budget.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budgetBytes = 150_000;
const dist = fileURLToPath(new URL('../dist', import.meta.url));

const loaded = new Set();

/** Adds a file and, for scripts, what it imports before it can run. */
function load(path) {
    if (loaded.has(path)) return;
    loaded.add(path);
    if (!path.endsWith('.js')) return;
    const text = readFileSync(join(dist, path), 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import)\s*["'](\.[^"']+\.js)["']/g)) load(join(dirname(path), target));
}

const html = readFileSync(join(dist, 'm/index.html'), 'utf8');
for (const [, target] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) load(target);

const total = [...loaded].reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, gzipSync(html).length);
console.log(`phone page: ${total} bytes gzipped in ${loaded.size} files (budget ${budgetBytes})`);
if (total > budgetBytes) process.exit(1);
