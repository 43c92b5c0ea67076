import { files, folderOf, read } from './folders';

export type Catalogue = Readonly<Record<string, string>>;

/** The texts of one folder, and the file that holds them in English. */
export interface FolderTexts {
    folder: string;
    file: string;
    en: Catalogue;
    zh: Catalogue;
}

const parse = (file: string) => JSON.parse(read(file)) as Catalogue;

/** The texts of every folder: each has text.en.json and text.zh.json, i18n the reasons of the services. */
export const allTexts: readonly FolderTexts[] = files
    .filter((file) => file.endsWith('.en.json'))
    .map((file) => ({ folder: folderOf(file), file, en: parse(file), zh: parse(file.replace(/en\.json$/, 'zh.json')) }));

/** The tenant's page reads its own texts alone; all others are the console's. */
export const consoleTexts = allTexts.filter(({ folder }) => folder !== 'phone');
export const consoleEn: Catalogue = Object.assign({}, ...consoleTexts.map(({ en }) => en));
export const consoleZh: Catalogue = Object.assign({}, ...consoleTexts.map(({ zh }) => zh));

const phone = allTexts.find(({ folder }) => folder === 'phone')!;
export const phoneEn = phone.en;
export const phoneZh = phone.zh;
