import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { TenantLinkOrigin, TenantLinkSchema, TenantLinkState } from '../src/gen/prepay/console/v1/console_pb';
import { linkGiver, linkPerson, linkUrl, linkWord } from '../src/room/tenant_link';
import { consoleEn as en, consoleZh as zh } from './texts';

const states = Object.values(TenantLinkState).filter((s): s is TenantLinkState => typeof s === 'number');
const link = (state: TenantLinkState, path = '/m/#t=abc') => create(TenantLinkSchema, { linkId: 'l-1', state, path });

describe('a tenant link', () => {
    it('has a word of its own for every state, in both languages', () => {
        for (const catalogue of [en, zh]) {
            const said = states.map((state) => catalogue[linkWord(state)]);
            expect(new Set(said).size).toBe(states.length);
        }
    });
    it('takes an unknown state for none', () => expect(linkWord(99 as TenantLinkState)).toBe('link.state.unspecified'));
    it('has an address only while it lets somebody in', () => {
        for (const state of states)
            expect(linkUrl(link(state), 'https://park.example')).toBe(state === TenantLinkState.ACTIVE ? 'https://park.example/m/#t=abc' : undefined);
        expect(linkUrl(link(TenantLinkState.ACTIVE, ''), 'https://park.example')).toBeUndefined();
    });
    it('of an alarm’s mail says so instead of a name', () => {
        const { STAFF, ALARM_MAIL } = TenantLinkOrigin;
        expect(linkGiver({ origin: ALARM_MAIL, creator: 'prepay-alarm' }, en['link.origin.alarm_mail']!)).toBe('alarm mail');
        expect(linkGiver({ origin: STAFF, creator: 'user:li' }, 'alarm mail')).toBe('li');
        expect(zh['link.origin.alarm_mail']).toBeTruthy();
    });
    it('names the person who made it', () => {
        expect(linkPerson('user:li')).toBe('li');
        expect(linkPerson('prepay-import')).toBe('prepay-import');
    });
});
