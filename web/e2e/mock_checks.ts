import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { atMock, confirmed, dialog, openAction } from './action_checks';
import { ready, tiles, type Check } from './console_checks';
import { expectAccessible, logIn, mockUrl, openContext, shot } from './harness';

// What the pretended console always has, so that a check may ask for it by name.
const wetRoom = 'room-0003';
const faultyRoom = 'room-0005';
const faultyMeter = 'm-0005';
const waterMeter = 'w-0003';

const open = async (page: Page, path: string) => {
    await page.goto(mockUrl + path);
    await page.locator('.top').waitFor();
    await ready(page);
};

async function waterOnWall(page: Page): Promise<void> {
    await open(page, `/?q=${waterMeter}`);
    const tile = page.locator(tiles).first();
    await tile.waitFor();
    assert.match((await tile.getAttribute('title'))!, /kWh · 0\.203 m³/, 'the tile');
    assert.match((await page.locator('.building h2 small').first().textContent())!, /kWh · 0\.203 m³/, 'the building');
    await open(page, '/?q=m-0004');
    await tile.waitFor();
    assert.doesNotMatch((await tile.getAttribute('title'))!, /m³/, 'no water where there is no meter for it');
}

async function waterInReport(page: Page): Promise<void> {
    await open(page, `/reports/days?room=${wetRoom}`);
    const row = page.locator('.ant-table-tbody .ant-table-row').first();
    await row.waitFor();
    const heads = await page.locator('.ant-table-thead th').allTextContents();
    const column = heads.findIndex((head) => head.includes('m³'));
    assert.ok(column > 0, heads.join(' | '));
    assert.equal(await row.locator('td').nth(column).textContent(), '0.203');
    // 7 days; the first cell of the total row spans two columns.
    assert.equal(await page.locator('.total-row td').nth(column - 1).textContent(), '1.421');
    await open(page, '/reports/days?room=room-0004');
    assert.equal(await row.locator('td').nth(column).textContent(), '–');
}

async function waterExplained(page: Page): Promise<void> {
    await open(page, `/rooms/${wetRoom}?tab=charges`);
    const row = page.locator('.room-details .ant-table-row', { hasText: waterMeter }).first();
    assert.match((await row.textContent())!, /0\.12 m³/);
    await row.locator('.ant-btn-link').click();
    const drawer = page.locator('.explained');
    await drawer.locator('.arithmetic').waitFor();
    await drawer.locator('.ant-table-row', { hasText: '20.493 m³' }).first().waitFor();
    const text = (await drawer.textContent())!;
    assert.match(text, /20\.493 m³ → 20\.613 m³/, 'registers');
    assert.match(text, /1\.2043 m³ → 1\.3243 m³/, 'tier counter');
    assert.doesNotMatch(text, /kWh/, 'no unit of electricity in a charge for water');
    await expectAccessible(page, 'charge for water');
}

async function waterByHour(page: Page): Promise<void> {
    await open(page, `/rooms/${wetRoom}`);
    const chart = page.locator('.room-main div[role="img"] svg').first();
    await chart.waitFor();
    assert.match((await page.locator('.room-main h2 small').last().textContent())!, /kWh · [\d.]+ m³ · ¥[\d,]+\.\d\d$/, 'the sum of the day');
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + 60, box.y + box.height / 2);
    await page.locator('.room-main', { hasText: /kWh · 0\.00\d+ m³/ }).waitFor();
    await open(page, '/rooms/room-0004');
    await chart.waitFor();
    assert.doesNotMatch((await page.locator('.room-main').textContent())!, /m³/);
}

async function waterTiers(page: Page): Promise<void> {
    await open(page, '/tariffs/new');
    const bounds = page.locator('.tiers .ant-input-suffix');
    await page.locator('.tier-span').click();
    await page.locator('.ant-select-item-option').nth(1).click();
    await page.locator('.tiers > .ant-btn').click();
    assert.deepEqual([...new Set(await bounds.allTextContents())], ['kWh']);
    await page.locator('.tariff-head .ant-select').first().click();
    await page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option', { hasText: '水' }).click();
    assert.deepEqual([...new Set(await bounds.allTextContents())], ['m³'], 'tiers of water end at cubic metres');
    await shot(page, 'tariff-editor-water', true);
}

async function waterEverywhere(page: Page): Promise<void> {
    for (const step of [waterOnWall, waterInReport, waterExplained, waterByHour, waterTiers])
        await step(page).catch((error: unknown) => { throw new Error(`${step.name}: ${error instanceof Error ? error.message : String(error)}`); });
}

/** A trip against keep-power by hand: the room says who holds it and why, the tile that keep-power was overridden. */
async function whyItIsOff(page: Page): Promise<void> {
    await open(page, '/?state=normal&keep=1');
    const path = (await page.locator(tiles).first().getAttribute('href'))!;
    await open(page, path);
    assert.equal(await page.locator('.reasons').count(), 0, 'nothing holds it yet');
    await openAction(page, 'trip');
    await dialog(page).locator('.field input:not([type="checkbox"])').first().fill('cable on fire');
    await dialog(page).locator('.ant-checkbox-input').check();
    await shot(page, 'trip-override');
    await confirmed(page);
    const note = page.locator('.reasons li');
    await note.waitFor();
    const text = (await note.textContent())!;
    assert.match(text, /操作员分闸/, 'who');
    assert.match(text, /user:admin/, 'who exactly');
    assert.match(text, /cable on fire/, 'why');
    assert.match(text, /保电房间，已强制断电/, 'against keep-power');
    assert.match(text, /由操作员合闸恢复/, 'what brings it back');
    assert.match((await note.locator('time').getAttribute('dateTime'))!, /^\d{4}-/, 'since when');
    await ready(page);
    await shot(page, 'room-held');
    await expectAccessible(page, 'room that is held');
    await open(page, '/?state=tripped');
    const tile = page.locator(`${tiles}[href="${path}"]`);
    await tile.waitFor();
    assert.match((await tile.getAttribute('title'))!, /保电房间，已强制断电/, 'the wall shows the override');
    await open(page, path);
    await page.locator('.page-actions > .ant-btn:not(.ant-btn-primary):not(.ant-btn-dangerous)').first().click();
    await dialog(page).locator('.consequence').waitFor();
    await confirmed(page);
    await page.locator('.reasons').waitFor({ state: 'detached' });
    await open(page, '/');
    assert.doesNotMatch((await page.locator(`.building .tile[href="${path}"]`).getAttribute('title'))!, /已强制断电/);
}

async function decide(page: Page, meterId: string, decision: string, typed: readonly string[] = []): Promise<string> {
    await page.locator('.ant-table-row', { hasText: meterId }).click();
    const drawer = page.locator('.ant-drawer .evidence');
    await drawer.locator('.frames').waitFor();
    await drawer.locator('.ant-btn-primary').click();
    await dialog(page).locator('.ant-radio-wrapper').first().waitFor();
    const offered = await dialog(page).locator('.ant-radio-wrapper').allTextContents();
    const send = dialog(page).locator('.ant-modal-footer .ant-btn').last();
    assert.ok(await send.isDisabled(), 'nothing is chosen yet');
    await dialog(page).locator('.ant-radio-wrapper', { hasText: decision }).click();
    assert.ok(await send.isDisabled(), 'a decision needs a reason');
    const fields = dialog(page).locator('.field input:not([type="radio"])');
    for (const [i, text] of typed.entries()) await fields.nth(i).fill(text);
    await fields.last().fill(`seen: ${meterId}`);
    const consequence = (await dialog(page).locator('.consequence').textContent())!;
    await ready(page);
    await shot(page, `anomaly-${meterId}`);
    await expectAccessible(page, `decision for ${meterId}`);
    await send.click();
    await dialog(page).locator('.outcome', { hasText: decision }).waitFor();
    await dialog(page).locator('.ant-modal-footer .ant-btn').first().click();
    await dialog(page).waitFor({ state: 'detached' });
    await drawer.getByText(`seen: ${meterId}`).waitFor();
    assert.match((await drawer.textContent())!, /user:admin/, 'who decided');
    await page.locator('.ant-drawer-close').click();
    await drawer.waitFor({ state: 'detached' });
    await page.locator('.ant-table-row', { hasText: meterId }).waitFor({ state: 'detached' });
    return `${offered.join(' ')} | ${consequence}`;
}

/** Registers that wait: one is consumption, one the start of another meter, one nothing. The menu counts down to nothing. */
async function quarantine(page: Page): Promise<void> {
    const count = page.locator('.places a[href="/anomalies"] .ant-badge');
    await count.waitFor();
    await count.locator('[title="3 条待处理"]').waitFor();
    const accepted = await decide(page, faultyMeter, '确认为用量');
    assert.match(accepted, /1,000\.00 kWh/, 'what it will cost is said in units');
    await count.locator('[title="2 条待处理"]').waitFor();
    const begun = await decide(page, 'm-0006', '重新起码', ['10', '5000.5']);
    assert.doesNotMatch(begun, /确认为用量/, 'less than before is no consumption');
    await count.locator('[title="1 条待处理"]').waitFor();
    const dropped = await decide(page, waterMeter, '作废');
    assert.match(dropped, /20\.613 m³/);
    await count.waitFor({ state: 'detached' });
    await page.locator('.empty').waitFor();
    await open(page, '/anomalies?state=3');
    assert.equal(await page.locator('.ant-table-row').count(), 3);
}

/** Who may only look sees what waits and cannot decide. */
async function quarantineSeen(page: Page): Promise<void> {
    await page.locator('.ant-table-row').first().click();
    await page.locator('.ant-drawer .evidence .frames').waitFor();
    assert.equal(await page.locator('.ant-drawer .evidence .ant-btn-primary').count(), 0);
}

/** What a meter did: last error, counters, blocks that are left out, frames; and that its register is not taken. */
async function diagnosis(page: Page): Promise<void> {
    const meter = page.locator('.live-meter', { hasText: faultyMeter });
    const mark = meter.locator('.field-error');
    await mark.waitFor();
    assert.match((await mark.textContent())!, /超出该时段可能的用量/);
    assert.equal(await mark.locator('a').getAttribute('href'), `/anomalies?meter=${faultyMeter}&state=0`);
    await meter.locator('.live-head .ant-btn').click();
    const report = page.locator('.ant-drawer .evidence');
    await report.locator('.frames tbody tr').nth(1).waitFor();
    const text = (await report.textContent())!;
    assert.match(text, /电表返回异常码.*exception 2 for 2 registers from 0x1000/, 'the last error');
    assert.match(text, /12 × 电表返回异常码/);
    assert.match(text, /3 × 电表无应答/);
    assert.match(text, /4711 次正常应答/);
    assert.match(text, /0x1000 起 2 个寄存器（异常码 2）/);
    assert.deepEqual(await report.locator('.frame-hex').allTextContents(), ['05 03 10 00 00 02 C1 4F', '05 83 02 C1 31']);
    await ready(page);
    await shot(page, 'meter-diagnosis');
    await expectAccessible(page, 'meter diagnosis');
    await open(page, '/rooms/room-0004');
    await page.locator('.live-meter').waitFor();
    assert.equal(await mark.count(), 0, 'no mark on a register that is taken');
}

/** Every amount of a list is in fen; what is exact is in the title. */
async function amountsInFen(page: Page): Promise<void> {
    const lists = [`/reports/days?room=${wetRoom}`, `/rooms/${wetRoom}?tab=charges`, `/rooms/${wetRoom}?tab=postings`];
    let finer = 0;
    for (const path of lists) {
        await open(page, path);
        await page.locator('.ant-table-row').first().waitFor();
        const cells = page.locator('.ant-table-row span.num[title*="¥"]');
        assert.ok((await cells.count()) > 0, `amounts on ${path}`);
        for (const cell of await cells.all()) {
            assert.match((await cell.textContent())!, /^\u2212?¥[\d,]+\.\d\d$/, path);
            if (/\.\d{3,}$/.test((await cell.getAttribute('title'))!)) finer++;
        }
        for (const row of await page.locator('.ant-table-row').allTextContents()) assert.doesNotMatch(row, /¥[\d,]+\.\d{3}/, path);
    }
    assert.ok(finer > 0, 'some of them have more in the ledger');
}

const calendars = {
    zh: { months: /^\d{4}年\d{1,2}月$/, first: '一' },
    en: { months: /^[A-Z][a-z]{2}\d{4}$/, first: 'Mo' },
};

/** The pickers speak the page's language, whatever the browser's is, and write dates as all pages do. */
function pickers(locale: 'zh' | 'en') {
    return async (browser: Browser): Promise<void> => {
        const context = await openContext(browser, { locale }, []);
        const page = await context.newPage();
        page.setDefaultTimeout(12_000);
        await logIn(page, `${mockUrl}/reports/days`, { user: 'admin', password: 'demo' });
        const input = page.locator('.ant-picker input').first();
        await input.waitFor();
        assert.match(await input.inputValue(), /^\d{4}-\d\d-\d\d$/);
        await input.click();
        const panel = page.locator('.ant-picker-dropdown:not(.ant-picker-dropdown-hidden)');
        await panel.locator('.ant-picker-header-view').waitFor();
        assert.match((await panel.locator('.ant-picker-header-view').textContent())!.replace(/\s/g, ''), calendars[locale].months);
        const days = await panel.locator('.ant-picker-content th').allTextContents();
        assert.ok(days.includes(calendars[locale].first), days.join(' '));
        await panel.locator('.ant-picker-cell-in-view').first().click();
        assert.match(await input.inputValue(), /^\d{4}-\d\d-01$/);
        await context.close();
    };
}

const at = (name: string, user: string, path: string, work: (page: Page) => Promise<void>): Check => ({ name, run: (browser) => atMock(browser, user, path, work) });

export const mockChecks: Check[] = [
    at('water: m³ on wall, report, charge, day and tariff', 'admin', '/tasks', waterEverywhere),
    at('room: why it is off, and the override on the wall', 'admin', '/tasks', whyItIsOff),
    at('anomalies: a viewer sees them and decides nothing', 'viewer', '/anomalies', quarantineSeen),
    at('meter: what it did, and that its register is not taken', 'viewer', `/rooms/${faultyRoom}`, diagnosis),
    at('anomalies: accepted, begun anew, discarded; the menu counts', 'admin', '/anomalies', quarantine),
    at('lists: amounts in fen', 'viewer', '/tasks', amountsInFen),
    { name: 'pickers: in the language of the page, zh', run: pickers('zh') },
    { name: 'pickers: in the language of the page, en', run: pickers('en') },
];
