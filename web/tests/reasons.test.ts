import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { consoleEn as en, consoleZh as zh, phoneEn, phoneZh, type Catalogue } from './texts';

/** Sources whose errors end in a log, at start or on a command line, never on a page. */
const internalFiles = [
    /^libs\/(config|kafka|outbox|runtime|telemetry)\//,
    /^libs\/core\/crash_point/,
    /^libs\/pg\/migrate/,
    /_commands?\.(cpp|h)$/, // import, probe, rate, journal: command lines
    /csv_readings|reading_csv|yaml_pack_loader/, // files that only those read
    /wechat_crypto/, // keys at start; notices are answered to the provider
    /plausibility/, // verdicts on single readings of an import
];

/** The same for single words; also words that are no reasons. */
const internalWords = new Set([
    'ADDRESS_IN_USE', 'BAD_ALLOWED_TARGET', 'BAD_API_V3_KEY', 'CURL_FAILED', 'TOKEN_KEY_INVALID', 'TOO_FEW_FILES',
    'METHOD_UNHANDLED', 'METHOD_WITHOUT_PERMISSION', 'DESCRIPTOR_LIMIT',
    'NOTICE_EVENT_UNKNOWN', 'NOTICE_HEADER_MISSING', 'NOTICE_MALFORMED', 'NOTICE_TOO_LARGE', 'NOTICE_TOO_OLD', 'NOTICE_WRONG_APPID', 'NOTICE_WRONG_MCHID',
    'SESSIONS_UNKNOWN', 'CHARGE_MISSING', // between services
    'BAD_CHANNEL', // a row of an import
    'ALARM_MAIL', // an origin in a table
    'BAD_PROXY', // of the configuration
    'PAUSED', // rolls a transaction back, nobody sees it
    'FAILED', // a state of a task's target
    'READINGS_STALLED', // at /readyz
    'AEAD_AES_256_GCM', 'ORDER_NOT_EXIST', 'RESOURCE_NOT_EXISTS', // the provider's words
]);

/** Every literal of two or more upper-case words is a reason; of one word, where an error or a failure is made. */
const twoWords = /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g;
const oneWord =
    /(?:\b(?:make_error|invalid_argument|failed_precondition|not_found|already_exists|unavailable|internal_error|permission_denied|finish|failed|close)\([^;"]*?|k(?:Failed|Refused|NotAccepted|Unknown),\s*)"([A-Z]+)"/g;

function reasonsIn(source: string): string[] {
    return [...source.matchAll(twoWords), ...source.matchAll(oneWord)].map((m) => m[1]!);
}

function sources(): string[] {
    const root = '..';
    const libs = readdirSync(join(root, 'libs'), { recursive: true }).map((name) => `libs/${String(name)}`);
    const services = readdirSync(join(root, 'services')).flatMap((service) =>
        readdirSync(join(root, 'services', service), { recursive: true })
            .map((name) => `services/${service}/${String(name)}`)
            .filter((name) => name.startsWith(`services/${service}/src/`)),
    );
    return [...libs, ...services].filter(
        (name) => /\.(cpp|h)$/.test(name) && !/\/tests?\/|_test\./.test(name) && !internalFiles.some((internal) => internal.test(name)),
    );
}

/** Each reason with the first file that makes it. */
const reasons = new Map<string, string>();
for (const name of sources()) {
    for (const reason of reasonsIn(readFileSync(join('..', name), 'utf8'))) {
        if (!internalWords.has(reason) && !reasons.has(reason)) reasons.set(reason, name);
    }
}

const withoutText = (catalogue: Catalogue) =>
    [...reasons].filter(([reason]) => !catalogue[`reason.${reason}`]).map(([reason, name]) => `${reason} (${name})`);

describe('reasons of the services', () => {
    it('are found in the sources', () => {
        expect(reasons.size).toBeGreaterThan(150);
        for (const known of ['ROOM_OCCUPIED', 'TASK_FINAL', 'BAD_DATE', 'SLOT_GAP', 'BAD_RECIPIENT', 'OVERLOADED', 'SUPERSEDED', 'EXPIRED']) {
            expect(reasons.has(known), known).toBe(true);
        }
    });
    it('have a Chinese text', () => expect(withoutText(zh)).toEqual([]));
    it('have an English text', () => expect(withoutText(en)).toEqual([]));
});

/** Values that a service always gives with a reason, and that its text may name. */
const given: Record<string, string[]> = { 'reason.TOO_MANY_ATTEMPTS': ['wait_s'] };

it('texts of reasons name nothing but the sentence of the service and what it always gives', () => {
    for (const catalogue of [zh, en]) {
        for (const [key, text] of Object.entries(catalogue)) {
            if (!key.startsWith('reason.') || key === 'reason.unknown') continue;
            const rest = ['message', ...(given[key] ?? [])].reduce((t, name) => t.replace(`{${name}}`, ''), text);
            expect(rest, key).not.toMatch(/\{\w+\}/);
        }
    }
});

it('the tenant’s page fills nothing into the texts of reasons', () => {
    for (const catalogue of [phoneZh, phoneEn]) {
        for (const [key, text] of Object.entries(catalogue)) if (key.startsWith('reason.')) expect(text, key).not.toContain('{');
    }
});
