import axe from 'axe-core';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

export const baseUrl = process.env.BASE_URL ?? 'http://127.0.0.1:22000';
/** The pretended console: 1,000 rooms, for the checks of speed; all checks' where no address is given. */
export const mockUrl = 'http://127.0.0.1:22000';
const shots = process.env.SHOTS_DIR ?? '';
export const user = process.env.WEB_USER ?? 'admin';

/** The password of the demo's users: given, or beside the demo's endpoints, or the pretended console's. */
function demoPassword(): string {
    const endpoints = process.env.PREPAY_ENDPOINTS;
    if (process.env.WEB_PASSWORD) return process.env.WEB_PASSWORD;
    return endpoints ? readFileSync(join(dirname(endpoints), 'secrets', 'log_in.password'), 'utf8').trim() : 'demo';
}

export const password = demoPassword();

export const wide = { width: 1280, height: 800 };
export const narrow = { width: 390, height: 844 };
export type Size = typeof wide;

export async function launch(): Promise<Browser> {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
}

export interface Look {
    size?: Size;
    locale?: 'zh' | 'en';
    dark?: boolean;
}

/** A fresh browser context; page errors and console errors end up in `problems`. */
export async function openContext(browser: Browser, look: Look, problems: string[]): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: look.size ?? wide, acceptDownloads: true, colorScheme: look.dark ? 'dark' : 'light' });
    // The compiler's helper for function names, in functions that run in the page.
    await context.addInitScript('globalThis.__name ??= (f) => f');
    await context.addInitScript(([locale, dark]) => {
        // An error page of the browser has no storage.
        if (!location.protocol.startsWith('http')) return;
        // The first page load decides; after that the page's own switches do.
        if (localStorage.getItem('openprepay.locale') === null) localStorage.setItem('openprepay.locale', locale!);
        if (localStorage.getItem('openprepay.dark') === null) localStorage.setItem('openprepay.dark', dark!);
    }, [look.locale ?? 'zh', look.dark ? '1' : '0']);
    context.on('weberror', (error) => problems.push(`page error: ${error.error().message}`));
    context.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) problems.push(`console: ${message.text()}`);
    });
    return context;
}

export async function logIn(page: Page, path = '/', as = { user, password }): Promise<void> {
    await page.goto(new URL(path, baseUrl).href);
    await page.locator('input[autocomplete="username"]').fill(as.user);
    await page.locator('input[type="password"]').fill(as.password);
    await page.locator('button[type="submit"]').click();
    await page.locator('.top').waitFor();
}

/** Goes to another page of the console without losing the session. */
export async function go(page: Page, path: string): Promise<void> {
    await page.goto(baseUrl + path);
    await page.locator('.top').waitFor();
}

export async function shot(page: Page, name: string, fullPage = false): Promise<void> {
    if (!shots) return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage });
}

/** All violations of axe on the page as it is, as text. */
export async function violations(page: Page): Promise<string[]> {
    // A button that has just been enabled still fades in: what counts is what stays.
    await page.evaluate(() => {
        const ends = document
            .getAnimations()
            .filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity)
            .map((animation) => animation.finished.catch(() => undefined));
        return Promise.race([Promise.all(ends).then(() => undefined), new Promise<void>((done) => setTimeout(done, 2000))]);
    });
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
        const axe = (window as unknown as { axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe;
        const found = await axe.run();
        return found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.length})\n      ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 220) + ' | ' + n.failureSummary.replace(/\s+/g, ' ').slice(0, 240)).join('\n      ')}`);
    });
}

export async function expectAccessible(page: Page, where: string): Promise<void> {
    const found = await violations(page);
    if (found.length > 0) throw new Error(`axe on ${where}:\n    ${found.join('\n    ')}`);
}
