import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { onPage, onWall, ready, roomPath, tiles, type Check } from './console_checks';
import { baseUrl, expectAccessible, go, logIn, mockUrl, openContext, password, shot } from './harness';

export const dialog = (page: Page): Locator => page.locator('.ant-modal');
const proof = (page: Page): Locator => dialog(page).locator('.outcome .ant-alert-success').first();

export async function openAction(page: Page, name: string): Promise<void> {
    const inMenu = !['open_account', 'top_up', 'trip', 'close'].includes(name);
    if (inMenu) {
        await page.locator('.page-actions .ant-btn[aria-haspopup="menu"]').click();
        await page.locator(`.ant-dropdown:not(.ant-dropdown-hidden) [data-menu-id$="-${name}"]`).click();
    } else if (name === 'trip') await page.locator('.page-actions > .ant-btn-dangerous').click();
    else await page.locator('.page-actions > .ant-btn-primary').click();
    await dialog(page).locator('.consequence').waitFor();
}

async function confirm(page: Page): Promise<void> {
    await dialog(page).locator('.ant-modal-footer .ant-btn').last().click();
}

/** Confirms, waits for the proof, closes the dialog; answers what the proof says. */
export async function confirmed(page: Page, picture = ''): Promise<string> {
    await confirm(page);
    await proof(page).waitFor();
    const text = (await proof(page).textContent())!;
    if (picture) await shot(page, picture);
    await dismiss(page);
    return text;
}

async function dismiss(page: Page): Promise<void> {
    await dialog(page).locator('.ant-modal-footer .ant-btn').first().click();
    await dialog(page).waitFor({ state: 'detached' });
}

/** Yuan of a figure such as "−¥1,234.5"; only compared, never computed with. */
function figure(text: string): number {
    return Number(text.replace(/[¥,\s]/g, '').replace('\u2212', '-'));
}

function near(text: string | null, yuan: number): void {
    const shown = figure(text ?? '');
    // The meter turns meanwhile.
    assert.ok(shown <= yuan && shown > yuan - 1, `${text} instead of about ${yuan}`);
}

const balanceIs = (page: Page, whole: number) =>
    page.waitForFunction((yuan) => {
        const shown = Number((document.querySelector('.money-panel .balance')?.textContent ?? '').replace(/[¥,\s]/g, '').replace('\u2212', '-'));
        return shown <= yuan && shown > yuan - 1;
    }, whole);

const fact = (page: Page, label: string) => page.locator('.money-panel dt', { hasText: label }).locator('xpath=following-sibling::dd[1]');

async function openWithTopUp(page: Page): Promise<void> {
    await go(page, await roomPath(page, 'tone-outline'));
    await openAction(page, 'open_account');
    await dialog(page).locator('.field input').first().fill('Browser Test');
    await dialog(page).locator('.money-input input').fill('60');
    await shot(page, 'open-account-asks');
    await expectAccessible(page, 'open account');
    assert.match(await confirmed(page, 'open-account-done'), /Browser Test.*60\.00/);
    await page.locator('h1', { hasText: 'Browser Test' }).waitFor();
    await balanceIs(page, 60);
}

async function topUpAndRefund(page: Page): Promise<void> {
    await openAction(page, 'top_up');
    await dialog(page).locator('.money-input input').fill('40');
    assert.match(await confirmed(page, 'top-up-done'), /40\.00/);
    await balanceIs(page, 100);
    await openAction(page, 'refund');
    const amount = dialog(page).locator('.money-input input');
    await amount.fill('1000');
    assert.ok(await dialog(page).locator('.ant-modal-footer .ant-btn').last().isDisabled(), 'no more than the balance');
    await dialog(page).locator('.field', { hasText: /余额/ }).first().waitFor();
    await amount.fill('10');
    assert.match(await confirmed(page, 'refund-done'), /10\.00/);
    await balanceIs(page, 90);
    await page.locator('[role="tab"]', { hasText: '订单' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.room-details .ant-table-row').length >= 2);
}

async function alarmAmounts(page: Page): Promise<void> {
    await openAction(page, 'alarm_levels');
    const inputs = dialog(page).locator('.money-input input');
    for (const [i, text] of ['30', '70', '10', '1'].entries()) await inputs.nth(i).fill(text);
    assert.ok(await dialog(page).locator('.ant-modal-footer .ant-btn').last().isDisabled(), 'each must be lower than the one before');
    await shot(page, 'alarm-levels-wrong');
    for (const [i, text] of ['70', '30'].entries()) await inputs.nth(i).fill(text);
    await confirmed(page, 'alarm-levels-saved');
    await page.locator('.money-panel dd', { hasText: '¥70.00 / ¥30.00 / ¥10.00' }).waitFor();
}

async function keepPower(page: Page): Promise<void> {
    for (const word of ['是', '否']) {
        await openAction(page, 'keep_power');
        await dialog(page).locator('.field input').fill('browser test');
        await confirmed(page, `keep-power-${word === '是' ? 'on' : 'off'}`);
        await fact(page, '保电').filter({ hasText: word }).waitFor();
        await page.locator('.page-sub .tag-shield').waitFor({ state: word === '是' ? 'visible' : 'detached' });
    }
}

async function setTariff(page: Page): Promise<void> {
    await openAction(page, 'set_tariff');
    await dialog(page).locator('.ant-select').click();
    await page.locator('.ant-select-item-option').first().click();
    const name = (await dialog(page).locator('.ant-select').textContent())!;
    assert.match(await confirmed(page, 'tariff-set'), /1/, name);
    await page.locator('[role="tab"]', { hasText: '电价' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.room-details .ant-table-row').length >= 2);
}

async function closeAccount(page: Page): Promise<void> {
    await openAction(page, 'close_account');
    await dialog(page).locator('.field input').fill('moved out');
    await shot(page, 'close-account-asks');
    await confirm(page);
    await proof(page).waitFor();
    await shot(page, 'close-account-done');
    near(/¥[\d,.]+/.exec((await proof(page).textContent())!)![0], 90);
    await dismiss(page);
    await page.locator('.page-sub .state-tag', { hasText: '空置' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.money-panel') === null);
}

/** The life of an account in one vacant room; each step must end in what the service says it did. */
async function accountLife(page: Page): Promise<void> {
    for (const step of [openWithTopUp, topUpAndRefund, alarmAmounts, keepPower, setTariff, closeAccount]) {
        await step(page).catch(async (error: unknown) => {
            await shot(page, 'account-life-failed');
            throw new Error(`${step.name}: ${error instanceof Error ? error.message : String(error)}`);
        });
    }
}

/** A room that was cut for money: the top-up shows the restore until the relay is read back closed. */
async function restoreAfterCredit(page: Page): Promise<string> {
    // The walkthrough, told meanwhile, pays for its own rooms.
    const cut = page.locator(`${tiles}.tone-red:not([title*="Story Tenant"])`).first();
    await cut.waitFor({ timeout: 90_000 });
    await go(page, (await cut.getAttribute('href'))!);
    await openAction(page, 'top_up');
    await dialog(page).locator('.money-input input').fill('88');
    const started = Date.now();
    await confirm(page);
    await dialog(page).locator('.command-progress .ant-alert-success').waitFor({ timeout: 45_000 });
    const took = Date.now() - started;
    await shot(page, 'restored');
    await expectAccessible(page, 'restore');
    await dismiss(page);
    await page.locator('.page-sub .state-tag').filter({ hasNotText: '断电' }).waitFor({ timeout: 20_000 });
    return `relay read back closed ${took} ms after the cashier confirmed`;
}

/** Money in suspense, which the pretended console always has: given to somebody else, then paid back. */
async function settleSuspense(browser: Browser): Promise<void> {
    const problems: string[] = [];
    const context = await openContext(browser, {}, problems);
    const page = await context.newPage();
    page.setDefaultTimeout(12_000);
    await logIn(page, `${mockUrl}/cash`, { user: 'cashier', password: 'demo' });
    const items = page.locator('.suspense-item');
    await items.first().waitFor();
    const count = await items.count();
    await items.first().getByText('49.99').waitFor();
    await items.first().getByText('实付金额与订单不符').waitFor();
    await shot(page, 'suspense');
    await expectAccessible(page, 'suspense');
    await items.first().locator('.ant-btn-primary').click();
    await dialog(page).locator('.consequence').waitFor();
    const payer = await dialog(page).locator('.consequence').textContent();
    await dialog(page).locator('.field').first().waitFor();
    await dialog(page).locator('form.action .ant-btn').first().click();
    await dialog(page).locator('.cash-search input').fill('A-210');
    await dialog(page).locator('.cash-hit').first().waitFor();
    await page.waitForTimeout(300);
    assert.ok(await dialog(page).locator('.ant-modal-footer .ant-btn').last().isDisabled(), 'no credit while somebody is looked for');
    await shot(page, 'suspense-search');
    await dialog(page).locator('.cash-search input').press('Enter');
    await dialog(page).locator('.cash-search').waitFor({ state: 'detached' });
    assert.equal(await dialog(page).locator('.outcome').count(), 0, 'Enter chooses, and sends nothing');
    assert.notEqual(await dialog(page).locator('.consequence').textContent(), payer);
    await dialog(page).locator('.consequence', { hasText: 'A-210' }).waitFor();
    await expectAccessible(page, 'suspense credit');
    assert.match(await confirmed(page, 'suspense-credited'), /49\.99/);
    await page.waitForFunction((n) => document.querySelectorAll('.suspense-item').length === n, count - 1);
    await items.first().locator('.ant-btn').first().click();
    await dialog(page).locator('.consequence', { hasText: '50.00' }).waitFor();
    await shot(page, 'suspense-paid-back-asks');
    assert.match(await confirmed(page), /50\.00/);
    await page.waitForFunction((n) => document.querySelectorAll('.suspense-item').length === n, count - 2);
    await context.close();
    assert.deepEqual(problems, [], 'errors in the browser');
}

async function pickRooms(page: Page, count: number): Promise<void> {
    await page.locator(tiles).first().waitFor();
    await page.locator('.wall-row > .ant-btn').click();
    for (let i = 0; i < count; i++) await page.locator(tiles).nth(i).click();
    await page.locator('.pick-bar .ant-btn-primary').click();
    await page.locator('.targets li').first().waitFor();
}

/** A task for tomorrow, cancelled before it began: every target says so, and nothing was sent. */
async function cancelledTask(page: Page): Promise<void> {
    await pickRooms(page, 3);
    await page.locator('.task-form .field input').first().fill('Tomorrow');
    const due = page.locator('.task-form .ant-picker input');
    await due.fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 16).replace('T', ' '));
    await due.press('Enter');
    await page.locator('.page-actions .ant-btn-primary').click();
    await confirm(page);
    await dialog(page).locator('.ant-alert-success .ant-btn').click();
    await page.locator('.item-state.s-waiting').nth(2).waitFor();
    await page.locator('.page-actions .ant-btn-dangerous').click();
    await dialog(page).locator('.consequence').waitFor();
    await confirmed(page, 'task-cancelled');
    await page.locator('.item-state.s-cancelled').nth(2).waitFor();
    await page.locator('.page-sub', { hasText: '已取消' }).waitFor();
    await ready(page);
    await expectAccessible(page, 'cancelled task');
}

/** A check at the pretended console, whatever else is checked: it has what the check needs. */
export async function atMock(browser: Browser, userName: string, path: string, work: (page: Page) => Promise<void>): Promise<void> {
    const problems: string[] = [];
    const context = await openContext(browser, {}, problems);
    const page = await context.newPage();
    page.setDefaultTimeout(12_000);
    await logIn(page, mockUrl + path, { user: userName, password: 'demo' });
    await work(page);
    assert.deepEqual(problems, [], 'errors in the browser');
    await context.close();
}

/** Picks one room on keep-power for a trip; answers how many targets that are. */
async function pickKept(page: Page): Promise<number> {
    await page.goto(`${mockUrl}/?state=normal&keep=1`);
    await page.locator(tiles).first().waitFor();
    await page.locator('.wall-row > .ant-btn').click();
    await page.locator(tiles).first().click();
    await page.locator('.pick-bar .ant-btn-primary').click();
    await page.locator('.targets li').first().waitFor();
    await page.locator('.task-form .ant-segmented-item').first().click();
    return page.locator('.targets li').count();
}

async function keptTask(page: Page, override: boolean): Promise<void> {
    const count = await pickKept(page);
    const create = page.locator('.page-actions .ant-btn-primary');
    await page.locator('.task-form .ant-alert-warning').waitFor();
    if (override) await page.locator('.task-form .ant-checkbox-input').check();
    assert.ok(await create.isDisabled(), 'a trip needs a reason');
    await page.locator('.task-form .field input').nth(1).fill('fire brigade');
    await ready(page);
    await shot(page, override ? 'task-override' : 'task-kept');
    await expectAccessible(page, 'task with rooms on keep-power');
    await create.click();
    await dialog(page).locator('.consequence p').waitFor();
    await confirm(page);
    await dialog(page).locator('.ant-alert-success .ant-btn').click();
    await page.locator(`.item-state.${override ? 's-verified' : 's-failed'}`).nth(count - 1).waitFor();
    assert.equal(await page.locator('.item-override').count(), override ? count : 0, 'each target says whether keep-power was overridden');
    if (!override) await page.locator('.ant-table-row', { hasText: '保电' }).first().waitFor();
}

/** Refused without the box; with it cut, said so by each target, by the page of holds and by its evidence. */
async function overrideKeepPower(page: Page): Promise<void> {
    await keptTask(page, false);
    await keptTask(page, true);
    await page.goto(`${mockUrl}/holds?holder=2`);
    const row = page.locator('.ant-table-row', { hasText: 'fire brigade' }).first();
    await row.waitFor();
    assert.match((await row.textContent())!, /保电/, 'the override is seen');
    await row.locator('.ant-btn-link').click();
    await page.locator('.ant-drawer .ant-collapse-header').click();
    await page.locator('.ant-drawer .evidence dd', { hasText: '越过保电' }).waitFor();
    await ready(page);
    await shot(page, 'holds');
    await expectAccessible(page, 'holds with evidence');
}

/** Users who have to wait are listed with where it came from; an unlock is asked once and takes the row away. */
async function unlockUser(page: Page): Promise<void> {
    await page.locator('.places a[href="/users"]').waitFor();
    const row = page.locator('.ant-table-row').first();
    await row.waitFor();
    const name = (await row.locator('.mono').first().textContent())!;
    assert.match((await row.textContent())!, /203\.0\.113\.7/, 'the address is shown');
    await row.locator('.ant-btn').click();
    await dialog(page).locator('.consequence').waitFor();
    await ready(page);
    await shot(page, 'unlock-asks');
    await expectAccessible(page, 'unlock asks');
    await confirm(page);
    await proof(page).waitFor();
    await dismiss(page);
    await page.locator('.ant-table-row .mono', { hasText: name }).waitFor({ state: 'detached' });
}

/** Who may not manage users finds neither the place nor the page. */
async function noUsersPage(page: Page): Promise<void> {
    await page.locator('.empty').waitFor();
    await page.locator('.places a[href="/holds"]').waitFor();
    assert.equal(await page.locator('.places a[href="/users"]').count(), 0);
}

const goodYaml = '# From the office.\ntime_zone: Asia/Shanghai\nprice: 0.6123\n';

/** A file with a mistake is refused with line and column, the text stays, and the repaired one is taken. */
async function tariffFile(page: Page): Promise<string> {
    const inputs = page.locator('.tariff-head input');
    await inputs.nth(0).fill('From a file');
    await inputs.nth(1).fill(`file-${Date.now().toString(36)}`);
    await page.locator('[role="tab"]', { hasText: 'YAML' }).click();
    await page.locator('textarea').fill(goodYaml.replace('0.6123', 'cheap'));
    await page.locator('.page-actions .ant-btn-primary').click();
    await confirm(page);
    await dialog(page).locator('.ant-alert-error').waitFor();
    await shot(page, 'tariff-yaml-refused');
    const said = (await dialog(page).locator('.ant-alert-error').textContent())!;
    assert.match(said, /\b3\b\D+\b8\b/, 'line and column of the mistake');
    await dismiss(page);
    assert.match(await page.locator('textarea').inputValue(), /cheap/, 'the input is kept');
    await page.locator('textarea').fill(goodYaml);
    await page.locator('.page-actions .ant-btn-primary').click();
    await confirm(page);
    await dialog(page).locator('.ant-alert-success .ant-btn').click();
    await page.locator('.version .price-table', { hasText: '0.6123' }).waitFor();
    return said;
}

async function languageSwitch(page: Page): Promise<void> {
    await page.locator(tiles).first().waitFor();
    await page.locator('.top .ant-btn[lang="en"]').click();
    await page.locator('.places a', { hasText: 'Tariffs' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
    for (const path of ['/', '/cash', '/tariffs', '/tasks', '/notifications', '/reports/days']) {
        await go(page, path);
        await ready(page);
        // Names of people, places and tariffs may be Chinese; what the pages say may not.
        const words = await page.locator('.places, .page-head button, .ant-table-thead, .chips, .pick-bar, [role="tablist"]').allTextContents();
        assert.doesNotMatch(words.join(' '), /[\u4e00-\u9fff]/, path);
    }
    await page.locator('.top .ant-btn[lang="zh"]').click();
    await page.locator('.places a', { hasText: '电价' }).waitFor();
}

const refreshTokenOf = (page: Page) => page.evaluate(() => sessionStorage.getItem('openprepay.refresh'));

/** A log-out ends the session for the server too; a session ended elsewhere asks for the log-in and comes back to the address. */
async function sessionEnds(browser: Browser): Promise<void> {
    const context = await openContext(browser, {}, []);
    const page = await context.newPage();
    await logIn(page, '/tasks');
    const refreshToken = await refreshTokenOf(page);
    await page.locator('.top .ant-btn').last().click();
    await page.locator('input[type="password"]').waitFor();
    assert.equal(await refreshTokenOf(page), null);
    await page.waitForLoadState('networkidle');
    const post = (method: string, body: object) =>
        fetch(`${baseUrl}/prepay.console.v1.AuthService/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal((await post('Refresh', { refreshToken })).status, 401, 'the old session is no use any more');

    await logIn(page, '/tasks');
    await post('LogOut', { refreshToken: await refreshTokenOf(page) });
    await page.reload();
    await page.locator('input[type="password"]').waitFor();
    assert.match(page.url(), /\/tasks$/, 'the address is kept');
    await page.locator('input[autocomplete="username"]').fill('admin');
    await page.locator('input[type="password"]').fill(password);
    await page.locator('button[type="submit"]').click();
    await page.locator('.page-head h1').waitFor();
    assert.match(page.url(), /\/tasks$/);
    await context.close();
}

export const actionChecks: Check[] = [
    onWall('room: open account, top up, refund, alarm amounts, keep-power, tariff, close account', accountLife),
    onPage('/?state=cut', 'room: the light comes back behind a top-up', restoreAfterCredit),
    onPage('/?state=normal', 'batch task: cancelled before its time', cancelledTask),
    onPage('/tariffs/new', 'tariff file: refused with line and column, then taken', tariffFile),
    onWall('language: everything changes, and back', languageSwitch),
    { name: 'log-out and a session that ended elsewhere', run: sessionEnds },
];

/** Those of them that are always made at the pretended console. */
export const mockActionChecks: Check[] = [
    { name: 'batch task: rooms on keep-power are refused, or cut with an override that is seen', run: (browser) => atMock(browser, 'admin', '/tasks', overrideKeepPower) },
    { name: 'locked users: listed and unlocked', run: (browser) => atMock(browser, 'admin', '/users', unlockUser) },
    { name: 'locked users: nothing for who may not', run: (browser) => atMock(browser, 'operator', '/users', noUsersPage) },
    { name: 'cash desk: money in suspense is credited to somebody else, and paid back', run: settleSuspense },
];
