import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { TextProvider } from '../src/i18n/console_text';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { TierSpan } from '../src/gen/prepay/billing/v1/billing_pb';
import type { Locale } from '../src/i18n/text';
import { Lasts } from '../src/phone/page';
import { TextProvider as PhoneTexts, texts as phoneTexts } from '../src/phone/text';
import { TierEditor } from '../src/tariffs/tier_editor';
import { Yuan } from '../src/ui/figures';
import { files, read } from './folders';
import { consoleEn, consoleZh } from './texts';

const onPhone = (locale: Locale, element: ReactElement) => renderToStaticMarkup(createElement(PhoneTexts, { texts: phoneTexts, locale, children: element }));
const onConsole = (element: ReactElement) => renderToStaticMarkup(createElement(TextProvider, { texts: { en: consoleEn, zh: consoleZh }, locale: 'zh', children: element }));

describe('an amount of a list', () => {
    it('is in fen, with what the ledger holds on hover', () => {
        const row = renderToStaticMarkup(createElement(Yuan, { micros: 3_725_903n }));
        expect(row).toContain('>¥3.73<');
        expect(row).toContain('title="¥3.725903"');
        expect(renderToStaticMarkup(createElement(Yuan, { micros: 3_725_903n, floor: true }))).toContain('>¥3.72<');
    });
    it('never is written exactly where there is a table', () => {
        // A charge's drawer explains one charge, and the head of it is exact.
        const exact = files
            .filter((file) => file.endsWith('.tsx') && file !== 'actions/charge_drawer.tsx')
            .filter((file) => /TableColumnsType|<table/.test(read(file)) && /\bformatYuan\b/.test(read(file)));
        expect(exact, 'use <Yuan> or formatYuanFen').toEqual([]);
    });
});

describe('how long the money lasts, on the phone', () => {
    const said = (locale: Locale, hours: number | null, owing = false) => onPhone(locale, createElement(Lasts, { hours, owing })).replace(/<[^>]*>/g, '');
    it.each([[72, /3 天/], [48, /2 天/], [47, /47 小时/], [24, /24 小时/], [1, /1 小时/]] as const)('says %i hours as %s', (hours, text) => expect(said('zh', hours)).toMatch(text));
    it('speaks of hours below two days, and never of 0 or 1 days', () => {
        for (let hours = 0; hours < 48; hours++) {
            expect(said('zh', hours), `${hours} h`).not.toMatch(/\d+ ?天/);
            expect(said('en', hours), `${hours} h`).not.toMatch(/\d+ days?/);
        }
        expect(said('zh', 0)).not.toMatch(/\b0\b/);
    });
    it('says nothing of time to who owes', () => expect(said('zh', 47, true)).not.toMatch(/\d/));
});

describe('the bounds of tiers', () => {
    const editor = (resource: Resource) => {
        const tiers = [{ upperBound: '10', prices: {} }, { upperBound: '', prices: {} }];
        return onConsole(createElement(TierEditor, { resource, span: TierSpan.MONTH, tiers, periods: [], onSpan: () => {}, onTiers: () => {} }));
    };
    it('of water are m³', () => {
        expect(editor(Resource.WATER)).toContain('m³');
        expect(editor(Resource.WATER)).not.toContain('kWh');
    });
    it('of electricity are kWh', () => {
        expect(editor(Resource.ELECTRICITY)).toContain('kWh');
        expect(editor(Resource.ELECTRICITY)).not.toContain('m³');
    });
});
