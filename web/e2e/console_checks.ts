import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { baseUrl, expectAccessible, go, logIn, narrow, openContext, password, shot, wide, type Look } from './harness';

export interface Check {
    name: string;
    run: (browser: Browser) => Promise<string | void>;
}

async function withPage(browser: Browser, look: Look, work: (page: Page) => Promise<string | void>, path = '/'): Promise<string | void> {
    const problems: string[] = [];
    const context = await openContext(browser, look, problems);
    try {
        const page = await context.newPage();
        page.setDefaultTimeout(12_000);
        await logIn(page, path);
        const note = await work(page);
        assert.deepEqual(problems, [], 'errors in the browser');
        return note;
    } finally {
        await context.close();
    }
}

export const tiles = '.building .tile';

export async function ready(page: Page): Promise<void> {
    await page.waitForFunction(() => document.querySelectorAll('.ant-skeleton, [aria-busy="true"]').length === 0);
    await page.waitForTimeout(400);
}

/** The address of a room in some state, as the wall shows it. */
export async function roomPath(page: Page, tone: string): Promise<string> {
    const { pathname, search } = new URL(page.url());
    if (pathname !== '/' || search !== '') await go(page, '/');
    await page.locator(tiles).first().waitFor();
    const href = await page.locator(`.tile.${tone}`).first().getAttribute('href');
    assert.ok(href, `a tile of ${tone}`);
    return href;
}

const pages: readonly [string, string][] = [
    ['wall', '/'],
    ['cash', '/cash'],
    ['tariffs', '/tariffs'],
    ['tariff-new', '/tariffs/new'],
    ['tasks', '/tasks'],
    ['notifications', '/notifications'],
    ['anomalies', '/anomalies'],
    ['holds', '/holds'],
    ['locked-users', '/users'],
    ['report', '/reports/days'],
];

async function lookAtPages(page: Page, suffix: string): Promise<void> {
    // The log-in led to the wall.
    const room = await roomPath(page, 'tone-green');
    for (const [name, path] of pages) {
        if (name !== 'wall') await go(page, path);
        if (name === 'wall') await page.locator(tiles).first().waitFor();
        await ready(page);
        await shot(page, `${name}-${suffix}`);
        await expectAccessible(page, `${name} ${suffix}`);
    }
    await go(page, room);
    await page.locator('.gauges, .empty').first().waitFor();
    await ready(page);
    await shot(page, `room-${suffix}`, true);
    await expectAccessible(page, `room ${suffix}`);
}

const sizes: readonly [string, Look][] = [
    ['1280-zh', { size: wide }],
    ['390-zh', { size: narrow }],
    ['1280-en-dark', { size: wide, locale: 'en', dark: true }],
    ['390-en', { size: narrow, locale: 'en' }],
];

const everyPage: Check[] = sizes.map(([suffix, look]) => ({
    name: `every page, ${suffix}, axe without violations`,
    run: (browser) => withPage(browser, look, (page) => lookAtPages(page, suffix)),
}));

async function logInChecks(browser: Browser): Promise<void> {
    const problems: string[] = [];
    for (const [suffix, look] of sizes) {
        const context = await openContext(browser, look, problems);
        const page = await context.newPage();
        await page.goto(baseUrl + '/reports/days?from=2026-01-01');
        await page.locator('input[type="password"]').waitFor();
        await page.waitForTimeout(300);
        await expectAccessible(page, `log-in ${suffix}`);
        await shot(page, `login-${suffix}`);
        await page.locator('input[autocomplete="username"]').fill('nobody');
        await page.locator('input[type="password"]').fill('wrong-password');
        await page.locator('button[type="submit"]').click();
        await page.locator('.ant-alert-error').waitFor();
        await context.close();
    }
    const context = await openContext(browser, {}, problems);
    const page = await context.newPage();
    await logIn(page, '/reports/days?from=2026-01-01');
    assert.match(page.url(), /\/reports\/days\?from=2026-01-01/, 'the address is kept over the log-in');
    await page.reload();
    await page.locator('.report-range').waitFor();
    await context.close();
}

async function wallFilters(page: Page): Promise<void> {
    await page.locator(tiles).first().waitFor();
    const all = await page.locator(tiles).count();
    const first = (await page.locator('.problems .tile b').first().textContent().catch(() => null)) ?? (await page.locator(`${tiles} b`).first().textContent())!;
    await page.keyboard.press('/');
    await page.keyboard.type(first);
    await page.waitForFunction((n) => document.querySelectorAll('.building .tile').length < n, all);
    assert.match(page.url(), /q=/);
    await page.reload();
    await page.locator(tiles).first().waitFor();
    assert.ok((await page.locator(tiles).count()) < all, 'the filter comes back with the address');
    await go(page, '/?state=vacant');
    await page.locator('.wall-head').waitFor();
    await page.waitForTimeout(500);
    const tones = await page.locator(tiles).evaluateAll((list) => list.map((e) => e.className));
    assert.ok(tones.every((c) => c.includes('tone-outline')), 'only vacant rooms');
    await go(page, '/');
    await page.locator(tiles).first().focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.evaluate(() => document.activeElement?.classList.contains('tile')), 'arrows move over the wall');
    await go(page, '/?density=compact');
    await page.locator(tiles).first().waitFor();
    await shot(page, 'wall-compact-1280');
}

async function streamDrop(page: Page): Promise<void> {
    await page.locator('.stream-live').waitFor();
    await page.route('**/WatchWall', (route) => route.abort());
    await page.evaluate(() => window.stop());
    await page.context().setOffline(true);
    await page.locator('.stream-lost').waitFor({ timeout: 40_000 });
    await shot(page, 'wall-stream-lost');
    await page.unroute('**/WatchWall');
    await page.context().setOffline(false);
    await page.locator('.stream-live').waitFor({ timeout: 20_000 });
}

/** Closes and trips a room; both must end with what was read back. */
async function commandsProven(page: Page): Promise<string> {
    const path = await roomPath(page, 'tone-green');
    await go(page, path);
    await page.locator('.page-actions .ant-btn-dangerous').click();
    const dialog = page.locator('.ant-modal');
    await dialog.locator('.consequence').waitFor();
    await page.keyboard.type('browser test');
    await page.waitForTimeout(300);
    await shot(page, 'trip-asks');
    await expectAccessible(page, 'trip dialog');
    const started = Date.now();
    await dialog.locator('.ant-btn-primary').click();
    await dialog.locator('.ant-alert-success').waitFor({ timeout: 30_000 });
    const took = Date.now() - started;
    await dialog.locator('.ant-collapse-header').click();
    await dialog.locator('.frames').waitFor();
    await page.waitForTimeout(400);
    await shot(page, 'trip-proven');
    await expectAccessible(page, 'trip proof');
    await dialog.locator('.ant-modal-footer .ant-btn').click();
    await page.locator('.page-actions > .ant-btn:not(.ant-btn-primary):not(.ant-btn-dangerous)').first().click();
    await page.locator('.ant-modal .ant-btn-primary').click();
    await page.locator('.ant-modal .ant-alert-success').waitFor({ timeout: 30_000 });
    return `trip proven in ${took} ms`;
}

async function explainCharge(page: Page): Promise<void> {
    await go(page, (await roomPath(page, 'tone-green')) + '?tab=charges');
    await page.locator('.room-details .ant-table-row .ant-btn-link').first().click();
    await page.locator('.arithmetic').waitFor();
    await ready(page);
    assert.match(page.url(), /charge=/, 'the open charge is in the address');
    await shot(page, 'charge-explained');
    await expectAccessible(page, 'charge');
}

async function cashDesk(page: Page): Promise<void> {
    const name = await (async () => {
        await page.locator(tiles).first().waitFor();
        return (await page.locator('.tile.tone-green b').first().textContent())!;
    })();
    await go(page, '/cash');
    await page.locator('.cash-search input:focus').waitFor();
    const started = Date.now();
    await page.keyboard.type(name);
    await page.locator('.cash-hit').first().waitFor();
    await page.waitForTimeout(300);
    await shot(page, 'cash-search');
    await expectAccessible(page, 'cash search');
    await page.keyboard.press('Enter');
    await page.locator('.cash-amount').waitFor();
    await page.keyboard.type('100');
    await page.keyboard.press('Enter');
    await page.locator('.cash-form .consequence').waitFor();
    await shot(page, 'cash-asks');
    await page.keyboard.press('Enter');
    await page.locator('.receipt').waitFor();
    assert.ok(Date.now() - started < 10_000, 'ten seconds a customer');
    assert.match((await page.locator('.receipt-amount').textContent())!, /100\.00/);
    await shot(page, 'cash-receipt');
    await expectAccessible(page, 'receipt');
    await page.keyboard.press('Enter');
    await page.locator('.cash-search').waitFor();
}

/** The answer of a top-up is lost twice; the same request id goes out each time. */
async function lostAnswer(page: Page): Promise<void> {
    await go(page, await roomPath(page, 'tone-green'));
    const ids: string[] = [];
    await page.route('**/*AccountService/TopUp', async (route) => {
        ids.push((route.request().postDataJSON() as { requestId: string }).requestId);
        if (ids.length > 2) return route.continue();
        await route.fetch();
        return route.abort();
    });
    await page.locator('.page-actions .ant-btn-primary').click();
    const dialog = page.locator('.ant-modal');
    await dialog.locator('.money-input input').fill('12.34');
    for (let i = 0; i < 2; i++) {
        await page.waitForTimeout(200);
        await dialog.locator('.ant-btn-primary').click();
        await dialog.locator('.ant-alert-warning').waitFor();
        assert.ok(await dialog.locator('.money-input input').isDisabled(), 'the input is locked while the outcome is unknown');
        await page.waitForTimeout(200);
    }
    await shot(page, 'top-up-in-doubt');
    await dialog.locator('.ant-btn-primary').click();
    await dialog.locator('.ant-alert-success').waitFor();
    assert.equal(new Set(ids).size, 1, 'one request id for one action');
    assert.equal(ids.length, 3);
    await page.unroute('**/*AccountService/TopUp');
}

async function batchTask(page: Page): Promise<void> {
    await page.locator(tiles).first().waitFor();
    await page.locator('.wall-row > .ant-btn').click();
    for (let i = 0; i < 12; i++) await page.locator(tiles).nth(i).click();
    await shot(page, 'wall-picking');
    await expectAccessible(page, 'wall picking');
    await page.locator('.pick-bar .ant-btn-primary').click();
    await page.locator('.targets li').first().waitFor();
    await shot(page, 'task-new');
    await expectAccessible(page, 'new task');
    const targets = await page.locator('.targets li').count();
    assert.ok(targets >= 12, 'at least a meter a room');
    await page.locator('.page-actions .ant-btn-primary').click();
    const dialog = page.locator('.ant-modal');
    await dialog.locator('.field input').fill(String(targets - 1));
    assert.ok(await dialog.locator('.ant-modal-footer .ant-btn-primary').isDisabled(), 'the number of targets must be right');
    await dialog.locator('.field input').fill(String(targets));
    await page.waitForTimeout(300);
    await shot(page, 'task-asks');
    await dialog.locator('.ant-modal-footer .ant-btn-primary').click();
    await dialog.locator('.ant-alert-success .ant-btn').click();
    await page.locator('.counts-bar').first().waitFor();
    await page.waitForTimeout(900);
    await shot(page, 'task-running');
    await page.waitForFunction((n) => document.querySelectorAll('.item-state.s-verified, .item-state.s-failed').length === n, targets, { timeout: 60_000 });
    await shot(page, 'task-done');
    await expectAccessible(page, 'task');
}

async function tariffEditor(page: Page): Promise<void> {
    const id = `test-${Date.now().toString(36)}`;
    const inputs = page.locator('.tariff-head input');
    await inputs.nth(0).fill('Browser test');
    await inputs.nth(1).fill(id);
    await page.locator('.switch-row .ant-switch').click();
    const cells = page.locator('.painter button');
    for (let i = 16; i < 24; i++) await cells.nth(i).click();
    const prices = page.locator('.price-input');
    await prices.nth(0).fill('0.8874');
    await prices.nth(1).fill('0.5283');
    await page.locator('.day-strip').waitFor();
    await ready(page);
    await shot(page, 'tariff-editor', true);
    await expectAccessible(page, 'tariff editor');
    await page.locator('.page-actions .ant-btn-primary').click();
    await page.locator('.ant-modal .ant-btn-primary').last().click();
    await page.locator('.ant-modal .ant-alert-success .ant-btn').click();
    await page.locator('.version .day-strip').waitFor();
    await ready(page);
    await shot(page, 'tariff-made', true);
    await expectAccessible(page, 'tariff');
}

/** A room with a meter of each kind: every figure has its own unit, and a tariff reaches the meters it is for. */
async function roomWithWater(page: Page): Promise<string> {
    await page.locator(tiles).first().waitFor();
    assert.equal(await page.locator(tiles).count(), 1, 'one room has this meter');
    await go(page, (await page.locator(tiles).first().getAttribute('href'))!);
    await page.locator('.live-meter').nth(1).waitFor();
    const meters = await page.locator('.live-meter').evaluateAll((list) => list.map((e) => e.textContent ?? ''));
    const water = meters.find((text) => text.includes('w-0003')) ?? '';
    const power = meters.find((text) => !text.includes('w-0003')) ?? '';
    assert.match(water, /[\d,.]+ m³/);
    assert.doesNotMatch(water, /kWh|功率/, 'no unit of electricity on a water meter');
    assert.match(water, /阀门开/, 'a valve, not a switch');
    assert.match(power, /[\d,.]+ kWh/);
    assert.doesNotMatch(power, /m³/);
    await ready(page);
    await shot(page, 'room-water', true);
    await expectAccessible(page, 'room with water');

    const tariffs = page.locator('.ant-select-item-option');
    const reached: string[] = [];
    for (const resource of ['水', '电']) {
        await page.locator('.page-actions .ant-btn[aria-haspopup="menu"]').click();
        await page.locator('[data-menu-id$="-set_tariff"]').click();
        const dialog = page.locator('.ant-modal');
        await dialog.locator('.ant-select').click();
        await tariffs.filter({ hasText: resource === '水' ? /水/ : /电/ }).first().click();
        await dialog.locator('.reached').waitFor();
        reached.push((await dialog.locator('.reached').textContent())!);
        if (resource === '水') await shot(page, 'set-tariff-water');
        await dialog.locator('.ant-modal-footer .ant-btn').first().click();
        await dialog.waitFor({ state: 'hidden' });
    }
    assert.match(reached[0]!, /w-0003/);
    assert.doesNotMatch(reached[0]!, /m-\d/);
    assert.match(reached[1]!, /m-\d/);
    assert.doesNotMatch(reached[1]!, /w-0003/);
    return reached.join(' | ');
}

async function csvExport(page: Page): Promise<void> {
    await page.locator('.ant-table-row, .empty').first().waitFor();
    const waiting = page.waitForEvent('download');
    await page.locator('.page-actions .ant-btn').click();
    const download = await waiting;
    assert.match(download.suggestedFilename(), /^room-days_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d\.csv$/);
}

async function absentButtons(browser: Browser): Promise<void> {
    const as = { user: 'viewer', password };
    const context = await openContext(browser, {}, []);
    const page = await context.newPage();
    await logIn(page, '/', as);
    await page.locator(tiles).first().waitFor();
    assert.equal(await page.locator('.places a[href="/cash"]').count(), 0, 'no cash desk for a viewer');
    assert.equal(await page.locator('.wall-row > .ant-btn').count(), 0, 'no picking for a viewer');
    await go(page, (await page.locator('.tile.tone-green').first().getAttribute('href'))!);
    await page.locator('.room-grid').waitFor();
    assert.equal(await page.locator('.page-actions .ant-btn').count(), 0, 'no actions for a viewer');
    await context.close();
}

/** A check that begins on this page, by a log-in that was asked for there. */
export const onPage = (path: string, name: string, work: (page: Page) => Promise<string | void>): Check => ({ name, run: (browser) => withPage(browser, {}, work, path) });
export const onWall = (name: string, work: (page: Page) => Promise<string | void>): Check => onPage('/', name, work);

/** They look and change nothing that others see. */
export const lookChecks: Check[] = [
    ...everyPage,
    onWall('wall: search, filter, address, arrows', wallFilters),
    onWall('wall: a dropped stream says so and comes back', streamDrop),
    onWall('room: a charge down to its readings', explainCharge),
    onPage('/?q=w-0003', 'room: water beside electricity', roomWithWater),
    onPage('/reports/days', 'report: CSV', csvExport),
    { name: 'a viewer has no buttons', run: absentButtons },
];

/** They switch, take money and make tariffs. */
export const consoleChecks: Check[] = [
    { name: 'log-in: wrong password in words, address kept, reload keeps the session', run: logInChecks },
    onWall('room: trip and close end with the read-back', commandsProven),
    onWall('room: a lost answer keeps the request id', lostAnswer),
    onPage('/?state=normal', 'batch task: pick, type the number, per-target result', batchTask),
    onPage('/tariffs/new', 'tariff editor: paint, price, save', tariffEditor),
    onWall('cash desk by keyboard', cashDesk),
];
