import { fromJson, type DescMethod, type JsonValue } from '@bufbuild/protobuf';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needsGrpcurl, shellBlocks } from '../e2e/shell_blocks';
import { AccountService, TenantService } from '../src/gen/prepay/account/v1/account_pb';
import { AlarmService } from '../src/gen/prepay/alarm/v1/alarm_pb';
import { BillingService } from '../src/gen/prepay/billing/v1/billing_pb';
import { AuthService } from '../src/gen/prepay/console/v1/console_pb';
import { MeteringService } from '../src/gen/prepay/metering/v1/metering_pb';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');
const story = shellBlocks(read('docs/api/walkthrough.md'));
const simulator = shellBlocks(read('tests/simulator/README.md'));
const methods = new Map<string, DescMethod>([AccountService, TenantService, AlarmService, BillingService, AuthService, MeteringService].flatMap((service) =>
    service.methods.map((method) => [`${service.typeName.replace('prepay.', '')}/${method.name}`, method] as const)));

/** The calls of a script with the requests they carry; what is made at run time is text. */
function calls(script: string): { method: string; request: JsonValue }[] {
    return [...script.matchAll(/\bcall ([\w.]+\/\w+) ("(?:[^"\\]|\\.)*"|'[^']*')/g)].map(([, method, word]) => {
        const text = word!.startsWith('"') ? word!.slice(1, -1).replace(/\\(["\\])/g, '$1') : word!.slice(1, -1);
        return { method: method!, request: JSON.parse(text) as JsonValue };
    });
}

describe('the walkthrough', () => {
    it('is shell', () => {
        expect(story.length).toBeGreaterThan(5);
        for (const block of [...story, ...simulator]) expect(spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' }).stderr).toBe('');
    });
    it('calls what the services have, with the fields they have', () => {
        const all = calls(story.join('\n'));
        expect(all.length).toBeGreaterThan(12);
        for (const { method, request } of all) {
            expect(methods.has(method), method).toBe(true);
            expect(() => fromJson(methods.get(method)!.input, request), method).not.toThrow();
        }
    });
    it('makes its request ids anew in every run, each once', () => {
        const ids = [...story.join('\n').matchAll(/\\"requestId\\": \\"([^"\\]*)\\"/g)].map((match) => match[1]!);
        expect(ids.length).toBeGreaterThan(3);
        for (const id of ids) expect(id).toMatch(/^\$RUN-\w+$/);
        expect(new Set(ids).size).toBe(ids.length);
        expect(story[0], 'two shells may begin in the same second').toMatch(/^RUN=\S*\$\(date \+%s\)-\$\$\s/m);
    });
    it('needs no grpcurl to be told to its end', () => {
        const told = story.filter((block) => !needsGrpcurl(block));
        expect(told.length).toBe(story.length - 1);
        expect(told.at(-1)).toMatch(/CloseAccount/);
    });
});

describe('the commands for the simulator', () => {
    it('need no grpcurl, and name methods and fields that it has', () => {
        const script = simulator.join('\n');
        expect(needsGrpcurl(script)).toBe(false);
        const proto = read('tests/simulator/proto/prepay/simulator/v1/simulator.proto');
        const used = [...script.matchAll(/^simulator (\w+) "(.*)"$/gm)];
        expect(used.map((match) => match[1])).toEqual(['ListMeters', 'SetMeter', 'SetMeter', 'SetSpeed', 'ListFrames']);
        for (const [, method, request] of used) {
            expect(proto).toMatch(new RegExp(`rpc ${method}\\(`));
            for (const [, field] of request!.matchAll(/(\w+):/g)) expect(proto, field).toMatch(new RegExp(`\\b${field}\\b`));
        }
    });
});
