import { spawn, type ChildProcess } from 'node:child_process';
import type { Browser } from 'playwright-core';
import { launch, mockUrl } from './harness';
import { actionChecks, mockActionChecks } from './action_checks';
import { consoleChecks, lookChecks, type Check } from './console_checks';
import { mockChecks } from './mock_checks';
import { phoneChecks } from './phone_checks';
import { speedChecks } from './speed_checks';
import { walkthroughChecks } from './walkthrough_checks';

const startWaitMs = 20_000;

/** Starts the pretended console, or finds one that runs. */
async function startMock(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'mock/main.ts'], { env: { ...process.env, PORT: new URL(mockUrl).port }, stdio: ['ignore', 'ignore', 'ignore'] });
    const until = Date.now() + startWaitMs;
    while (!(await fetch(mockUrl).then(() => true, () => false))) {
        if (Date.now() > until || child.exitCode !== null) throw new Error('the pretended console did not start');
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return child;
}

/** Runs one check, once. */
async function passes(check: Check, browser: Browser): Promise<boolean> {
    const start = Date.now();
    const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
    try {
        const note = await check.run(browser);
        console.log(`ok    ${check.name} (${seconds()})${note ? `: ${note}` : ''}`);
        return true;
    } catch (error) {
        console.log(`FAIL  ${check.name} (${seconds()})\n  ${error instanceof Error ? error.message : String(error)}`);
        return false;
    }
}

/** Makes the checks one after the other; answers how many failed. */
async function inTurn(checks: readonly Check[], browser: Browser): Promise<number> {
    let failed = 0;
    for (const check of checks) if (!(await passes(check, browser))) failed++;
    return failed;
}

const groups = ['demo', 'mock', 'speed'];

/** What `--group` names, or all; and the parts of names that the other arguments are. */
function wanted(args: readonly string[]): { group: (name: string) => boolean; named: (checks: readonly Check[]) => Check[] } {
    const at = args.indexOf('--group');
    const group = at < 0 ? undefined : args[at + 1];
    if (at >= 0 && !groups.includes(group ?? '')) throw new Error(`--group takes one of: ${groups.join(' ')}`);
    const parts = args.filter((_, i) => at < 0 || (i !== at && i !== at + 1));
    return {
        group: (name) => group === undefined || group === name,
        named: (checks) => checks.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part))),
    };
}

async function main(): Promise<number> {
    const { group, named } = wanted(process.argv.slice(2));
    // Without a demo all checks are made at the pretended console.
    const mock = group('mock') || group('speed') || !process.env.BASE_URL ? await startMock() : undefined;
    const browser = await launch();
    let failed = 0;
    try {
        if (group('demo')) {
            // The walkthrough mostly waits for money to fall, in rooms that no other check is about.
            const told = inTurn(named(walkthroughChecks), browser);
            const looked = inTurn(named(lookChecks), browser);
            failed += await inTurn(named([...consoleChecks, ...actionChecks]), browser);
            failed += await told;
            // These break the payment provider for a while: not beside somebody who pays.
            failed += await inTurn(named(phoneChecks), browser);
            failed += await looked;
        }
        if (group('mock')) failed += await inTurn(named([...mockActionChecks, ...mockChecks]), browser);
        if (group('speed')) failed += await inTurn(named(speedChecks), browser);
    } finally {
        await browser.close();
        mock?.kill();
    }
    return failed;
}

process.exitCode = (await main()) > 0 ? 1 : 0;
