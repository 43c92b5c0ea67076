import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The folders below the features, each with those that it may import from. Generated code is open to all. */
const below: Readonly<Record<string, readonly string[]>> = {
    core: [],
    i18n: ['core'],
    ui: ['core', 'i18n'],
    session: ['core', 'i18n', 'ui'],
    actions: ['core', 'i18n', 'ui', 'session'],
};
const sharedFolders = Object.keys(below);

const src = join(import.meta.dirname, '..', 'src');
/** What a file below src holds. */
export const read = (file: string) => readFileSync(join(src, file), 'utf8');

/** The files below src, '/' between folders, without what is generated. */
export const files: readonly string[] = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(src.length + 1).replaceAll('\\', '/'), entry.name))
    .filter((file) => !file.startsWith('gen/'));

/** All TypeScript and CSS below src, by file. */
export const sources: ReadonlyMap<string, string> = new Map(files.filter((file) => /\.(tsx?|css)$/.test(file)).map((file) => [file, read(file)]));

const featureList = 'shell/features.ts';
const listed = [...sources.get(featureList)!.matchAll(/from '\.\.\/(\w+)\/feature';/g)].map((match) => match[1]!);

/** The features of the console: what the shell's list takes from a folder that is not shared. */
export const features: readonly string[] = listed.filter((folder) => !sharedFolders.includes(folder));

/** Every folder with those that it may import from. */
export const mayImport: ReadonlyMap<string, readonly string[]> = new Map([
    ...Object.entries(below),
    ...features.map((feature) => [feature, sharedFolders] as const),
    // A page of its own for tenants: it shows nothing that the console's ui is made of.
    ['phone', ['core', 'i18n']],
    ['shell', sharedFolders],
]);

/** The folder of a file; '' for one that lies in none. */
export function folderOf(file: string): string {
    return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/** What a source names to import, in whatever way. */
export function importsOf(source: string): string[] {
    return [...source.matchAll(/(?:\bfrom|\bimport|\bmodule)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map((match) => match[2]!);
}

/** Why a file must not import what it names; '' when it may. */
export function complaint(file: string, named: string): string {
    const from = folderOf(file);
    const allowed = mayImport.get(from) ?? [];
    if (!named.startsWith('.')) return '';
    const target = posix.join(posix.dirname(file), named);
    const to = folderOf(target);
    if (to === from || to === 'gen' || allowed.includes(to)) return '';
    if (file === featureList && target === `${to}/feature` && features.includes(to)) return '';
    return `${file} imports ${target}: ${from} may import ${allowed.join(', ') || 'nothing'}`;
}
