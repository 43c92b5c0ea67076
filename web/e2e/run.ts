import { spawn, type ChildProcess } from 'node:child_process';
import type { Browser } from 'playwright-core';
import { launch, mockUrl } from './harness';
import { actionChecks } from './action_checks';
import { consoleChecks, type Check } from './console_checks';
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

async function main(): Promise<number> {
    const only = process.argv.slice(2);
    const mock = await startMock();
    const browser = await launch();
    let failed = 0;
    try {
        for (const check of [...consoleChecks, ...actionChecks, ...mockChecks, ...phoneChecks, ...speedChecks, ...walkthroughChecks]) {
            if (only.length > 0 && !only.some((part) => check.name.includes(part))) continue;
            if (!(await passes(check, browser))) failed++;
        }
    } finally {
        await browser.close();
        mock.kill();
    }
    return failed;
}

process.exitCode = (await main()) > 0 ? 1 : 0;
