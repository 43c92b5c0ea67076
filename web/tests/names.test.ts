import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const web = join(import.meta.dirname, '..');
const names = ['src', 'tests', 'e2e', 'mock', 'scripts']
    .flatMap((folder) => readdirSync(join(web, folder), { recursive: true }).map((name) => join(folder, String(name))))
    .filter((name) => /\.\w+$/.test(name) && !name.startsWith(join('src', 'gen')));

it('files are snake_case', () => {
    expect(names.length).toBeGreaterThan(150);
    expect(names.filter((name) => !/(^|[/\\])[a-z][a-z0-9_]*(\.(test|en|zh))?\.\w+$/.test(name))).toEqual([]);
});

// Enumerators of the protos may be taken out under their own names.
it('what code declares has no underscore', () => {
    const declared = /\b(?:const|let|function|class|interface|type)\s+(\{[^{}]*\}|\[[^[\]]*\]|\w+)/g;
    const found = names
        .filter((name) => /\.(tsx?|mjs)$/.test(name))
        .flatMap((name) => [...readFileSync(join(web, name), 'utf8').matchAll(declared)].filter((match) => /\b[a-z]\w*_|^\w*_/.test(match[1]!)).map((match) => `${name}: ${match[1]}`));
    expect(found).toEqual([]);
});
