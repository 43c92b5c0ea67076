import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');

describe('inputs', () => {
    it('never are the browser\'s own date and time fields, which follow its language', () => {
        const found = readdirSync(src, { recursive: true })
            .map(String)
            .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('gen'))
            .filter((name) => /type="(date|datetime-local|time|month|week)"/.test(readFileSync(join(src, name), 'utf8')));
        expect(found, 'use ui/date_fields.tsx').toEqual([]);
    });
});
