import { describe, expect, it } from 'vitest';
import { features } from '../src/shell/features';
import { texts } from '../src/shell/texts';
import { consoleEn, consoleZh } from './texts';

const paths = features.flatMap((feature) => feature.routes.map((route) => route.path));
const places = features.flatMap((feature) => feature.menu ?? []);

describe('the features that the shell lists', () => {
    it('have an address each, and none twice', () => {
        expect(paths.length).toBeGreaterThan(14);
        expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
        for (const path of paths) expect(path).toMatch(/^\//);
    });
    it('have their places of the menu at addresses that there are', () => {
        for (const { to } of places) expect(paths).toContain(to);
    });
    it('have their places in an order that says which comes first', () => {
        expect(new Set(places.map((place) => place.order)).size).toBe(places.length);
    });
    it('make, with the shared folders, all texts of the console', () => {
        expect(texts).toEqual({ en: consoleEn, zh: consoleZh });
    });
});
