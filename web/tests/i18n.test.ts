import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import consoleEn from '../src/i18n/en.json';
import { fill } from '../src/i18n/text';
import consoleZh from '../src/i18n/zh.json';
import phoneEn from '../src/phone/en.json';
import phoneZh from '../src/phone/zh.json';

type Catalogue = Record<string, string>;
const pairs: [string, Catalogue, Catalogue][] = [
    ['console', consoleEn, consoleZh],
    ['phone', phoneEn, phoneZh],
];

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe.each(pairs)('%s catalogues', (_, en, zh) => {
    it('have the same keys', () => expect(Object.keys(zh)).toEqual(Object.keys(en)));
    it('use the same placeholders', () => {
        for (const key of Object.keys(en)) expect(placeholders(zh[key]!), key).toEqual(placeholders(en[key]!));
    });
    it('leave no text empty but the unspecified ones', () => {
        for (const key of Object.keys(en)) if (!key.endsWith('unspecified')) expect(en[key] && zh[key], key).toBeTruthy();
    });
    it('are Chinese in Chinese', () => {
        const latin = Object.keys(zh).filter((key) => !/[\u4e00-\u9fff]/.test(zh[key]!) && !key.endsWith('unspecified'));
        expect(latin.filter((key) => !/language|webhook|charge\.remainder_value|shell\.other/.test(key))).toEqual([]);
    });
});

it('fill puts values in and leaves unknown names alone', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
});

const sources = readdirSync('src', { recursive: true })
    .map(String)
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('gen'));

describe('source code', () => {
    it('holds no Chinese text', () => {
        const chinese = sources.filter((name) => /[\u4e00-\u9fff]/.test(readFileSync(join('src', name), 'utf8')));
        expect(chinese).toEqual([]);
    });
    it('holds no English sentence between tags', () => {
        const found = sources
            .filter((name) => name.endsWith('.tsx'))
            .flatMap((name) => [...readFileSync(join('src', name), 'utf8').matchAll(/>\s*([A-Z][a-z]+ [a-z][^<>{}();=]*)</g)].map((m) => `${name}: ${m[1]}`));
        expect(found).toEqual([]);
    });
    it('uses every key of the console catalogue', () => {
        const text = sources.map((name) => readFileSync(join('src', name), 'utf8')).join('\n');
        const dynamic = [...text.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((m) => m[1]!);
        const unused = Object.keys(consoleEn).filter((key) => !text.includes(`'${key}'`) && !dynamic.some((prefix) => key.startsWith(prefix)));
        expect(unused).toEqual([]);
    });
});
