import { describe, expect, it } from 'vitest';
import { complaint, features, files, folderOf, importsOf, mayImport, sources } from './folders';

/** Packages of folders that are to do without the others'. */
const packages: Readonly<Record<string, RegExp>> = {
    core: /^@(bufbuild|connectrpc)\//,
    phone: /^(@bufbuild\/|@connectrpc\/|react$|react-dom\/)/,
};

describe('the folders of src', () => {
    it('are known, and hold every file', () => {
        const strays = files.filter((file) => !mayImport.has(folderOf(file)));
        expect(strays, 'a folder is shared, or a feature that shell/features.ts lists').toEqual([]);
        for (const folder of mayImport.keys()) expect(files.some((file) => folderOf(file) === folder), folder).toBe(true);
    });
    it('import only from those below them', () => {
        const all = [...sources].flatMap(([file, source]) => importsOf(source).map((named) => ({ file, named })));
        expect(all.length).toBeGreaterThan(400);
        expect(all.map(({ file, named }) => complaint(file, named)).filter(Boolean)).toEqual([]);
    });
    it('take no package that they are to do without', () => {
        const found = [...sources].flatMap(([file, source]) =>
            importsOf(source)
                .filter((named) => !named.startsWith('.') && packages[folderOf(file)]?.test(named) === false)
                .map((named) => `${file}: ${named}`),
        );
        expect(found).toEqual([]);
    });
});

describe('the rule for imports', () => {
    it('knows the features', () => {
        expect(features).toContain('wall');
        expect(features.length).toBeGreaterThan(9);
    });
    it.each([
        ['wall/tile.tsx', '../ui/glyphs', true],
        ['wall/tile.tsx', './tile', true],
        ['wall/tile.tsx', '../gen/prepay/reporting/v1/reporting_pb', true],
        ['wall/tile.tsx', 'react', true],
        ['wall/tile.tsx', '../room/use_room', false],
        ['wall/tile.tsx', '../room/feature', false],
        ['wall/tile.tsx', '../shell/prefs', false],
        ['core/money.ts', '../i18n/text', false],
        ['i18n/text.tsx', '../ui/surface', false],
        ['i18n/console_text.ts', '../wall/text.en.json', false],
        ['ui/figures.tsx', '../session/site', false],
        ['session/log_in.tsx', '../actions/field', false],
        ['actions/evidence.tsx', '../wall/tile', false],
        ['phone/page.tsx', '../ui/figures', false],
        ['shell/pages.tsx', '../wall/feature', false],
        ['shell/features.ts', '../wall/feature', true],
        ['shell/features.ts', '../wall/tile', false],
        ['shell/features.ts', '../phone/feature', false],
        ['core/money.ts', '../../tests/folders', false],
    ])('%s, %s: %s', (file, named, good) => expect(complaint(file, named) === '').toBe(good));
    it('sees every way to import', () => {
        const source = "import a from './a';\nimport {\n    b,\n} from \"./b\";\nimport './c.css';\nlazy(() => import('./d'));\nexport * from './e';\nimport type { F } from './f';\ndeclare module './g' {}";
        expect(importsOf(source)).toEqual(['./a', './b', './c.css', './d', './e', './f', './g']);
    });
});
