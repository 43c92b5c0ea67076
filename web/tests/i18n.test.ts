import { describe, expect, it } from 'vitest';
import { fill } from '../src/i18n/text';
import { files, folderOf, mayImport, read, sources } from './folders';
import { allTexts, consoleEn, consoleTexts, phoneEn } from './texts';

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

it('texts are found in every folder that needs them', () => {
    expect(allTexts.length).toBeGreaterThan(14);
    expect(Object.keys(consoleEn).length).toBeGreaterThan(800);
    expect(files.filter((file) => file.endsWith('.json') && !/\.(en|zh)\.json$/.test(file))).toEqual([]);
});

describe.each(allTexts)('$file and its Chinese', ({ file, en, zh }) => {
    it('have the same keys', () => expect(Object.keys(zh)).toEqual(Object.keys(en)));
    it('have no key twice', () => {
        for (const name of [file, file.replace(/en\.json$/, 'zh.json')]) {
            const keys = [...read(name).matchAll(/^\s*"((?:[^"\\]|\\.)*)":/gm)].map((match) => match[1]!);
            expect(keys, name).toEqual(Object.keys(en));
        }
    });
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

describe('source code', () => {
    it('holds no Chinese text', () => {
        const chinese = [...sources].filter(([, source]) => /[\u4e00-\u9fff]/.test(source)).map(([file]) => file);
        expect(chinese).toEqual([]);
    });
    it('holds no English sentence between tags', () => {
        const found = [...sources]
            .filter(([file]) => file.endsWith('.tsx'))
            .flatMap(([file, source]) => [...source.matchAll(/>\s*([A-Z][a-z]+ [a-z][^<>{}();=]*)</g)].map((m) => `${file}: ${m[1]}`));
        expect(found).toEqual([]);
    });
});

/** What each folder writes of keys: whole ones, and the beginnings of those put together at run time. */
const written = new Map(
    [...mayImport.keys()].map((folder) => {
        const source = [...sources].filter(([file]) => folderOf(file) === folder).map(([, text]) => text).join('\n');
        const begun = [...source.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((m) => m[1]!);
        return [folder, { source, begun }] as const;
    }),
);

function uses(folder: string, key: string): boolean {
    const { source, begun } = written.get(folder)!;
    return source.includes(`'${key}'`) || begun.some((start) => key.startsWith(start));
}

/** The folders of the console that use a key. */
const usersOf = (key: string) => [...mayImport.keys()].filter((folder) => folder !== 'phone' && uses(folder, key));

describe('keys of the console', () => {
    it('are in one folder only', () => {
        const keys = consoleTexts.flatMap(({ en }) => Object.keys(en));
        expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    });
    it('are all used', () => {
        expect(Object.keys(consoleEn).filter((key) => usersOf(key).length === 0)).toEqual([]);
    });
    it.each(consoleTexts)('of $folder are its own: it uses them, or at least two others do', ({ folder, en }) => {
        const strays = Object.keys(en).filter((key) => !uses(folder, key) && usersOf(key).length < 2);
        expect(strays, 'move it to the folder that uses it').toEqual([]);
    });
    it.each(consoleTexts)('of $folder are used where $folder may be imported, and nowhere else', ({ folder, en }) => {
        const mayUse = (user: string) => user === folder || mayImport.get(user)!.includes(folder);
        const strays = Object.keys(en).flatMap((key) => usersOf(key).filter((user) => !mayUse(user)).map((user) => `${key}: ${user}`));
        expect(strays, 'move it to a folder that is shared').toEqual([]);
    });
});

it('keys of the tenant’s page are all used', () => {
    expect(Object.keys(phoneEn).filter((key) => !uses('phone', key))).toEqual([]);
});
