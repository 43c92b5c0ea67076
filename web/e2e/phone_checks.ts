import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { baseUrl, expectAccessible, go, logIn, narrow, openContext, password, shot, user, wide, type Look } from './harness';
import type { Check } from './console_checks';

/** Makes a tenant link through the console, as the cashier would, and answers its address. */
async function tenantLink(browser: Browser, tone: string, picture: boolean, query = ''): Promise<string> {
    const context = await openContext(browser, {}, []);
    const page = await context.newPage();
    await logIn(page);
    await page.locator('.building .tile').first().waitFor();
    if (query) await go(page, `/?q=${query}`);
    await go(page, (await page.locator(`.tile.${tone}`).first().getAttribute('href'))!);
    await page.locator('.page-actions .ant-btn[aria-haspopup="menu"]').click();
    await page.locator('[data-menu-id$="-tenant_link"]').click();
    await page.locator('.ant-modal .ant-btn-primary').click();
    await page.locator('.qr').waitFor();
    if (picture) {
        await page.waitForTimeout(300);
        await shot(page, 'tenant-link');
        await expectAccessible(page, 'tenant link');
    }
    const href = await page.locator('.ant-modal a[href*="/m/#t="]').getAttribute('href');
    await context.close();
    assert.ok(href, 'a link');
    return baseUrl + new URL(href).pathname + new URL(href).hash;
}

async function openPhone(browser: Browser, link: string, look: Look): Promise<Page> {
    const context = await openContext(browser, look, []);
    const page = await context.newPage();
    page.setDefaultTimeout(12_000);
    await page.goto(link);
    await page.locator('.balance .amount').waitFor();
    await page.locator('.history:not(.loading)').waitFor();
    return page;
}

async function payInTwoTaps(browser: Browser): Promise<string> {
    const link = await tenantLink(browser, 'tone-green', true);
    const page = await openPhone(browser, link, { size: narrow });
    assert.ok(!page.url().includes('#t='), 'the token leaves the address bar');
    await shot(page, 'phone-390-zh', true);
    await expectAccessible(page, 'phone');
    await page.locator('.pay').click();
    await page.locator('.sheet').waitFor();
    await page.waitForTimeout(300);
    await shot(page, 'phone-sheet');
    await expectAccessible(page, 'sheet');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/sim/pay', async (route) => {
        await held;   // The credit may be faster than a look at the page.
        await route.continue();
    });
    await page.locator('.sheet .pay').click();
    await page.locator('.state.wait').waitFor();
    await shot(page, 'phone-checking');
    const started = Date.now();
    release();
    await page.locator('.state.good').waitFor({ timeout: 30_000 });
    const took = Date.now() - started;
    await page.waitForTimeout(500);
    await shot(page, 'phone-credited');
    await expectAccessible(page, 'credited');
    await page.reload();
    await page.locator('.balance .amount').waitFor();
    await page.context().close();
    return `two taps; credited ${took} ms after the provider has the money`;
}

/** Electricity and water come out of one purse: what the ledger took for both, and no unit of either. */
async function withWater(browser: Browser): Promise<string> {
    const page = await openPhone(browser, await tenantLink(browser, 'tone-green', false, 'w-0003'), { size: narrow });
    const ask = async <T>(method: string, token: string, body: object): Promise<T> => {
        const answer = await page.request.post(`${baseUrl}/prepay.${method}`, { data: body, headers: { authorization: `Bearer ${token}` } });
        assert.equal(answer.status(), 200, method);
        return (await answer.json()) as T;
    };
    const { accessToken } = await ask<{ accessToken: string }>('console.v1.AuthService/LogIn', '', { userName: user, password });
    const charges = { w: 0n, m: 0n };   // Of the last days, newest first: by the first letter of a meter's id.
    const { meters } = await ask<{ meters: { resource: string }[] }>('metering.v1.MeteringService/ListMeters', accessToken, { meterIds: ['w-0003'] });
    assert.equal(meters[0]?.resource, 'RESOURCE_WATER');
    const rooms = await ask<{ rooms: { accountId: string; roomId: string }[] }>('account.v1.AccountService/ListRooms', accessToken, { query: 'w-0003' });
    const accountId = rooms.rooms[0]!.accountId;
    const list = await ask<{ charges: { meterId: string; amountMicros: string }[] }>('billing.v1.BillingService/ListCharges', accessToken, { accountId, pageSize: 1000 });
    for (const charge of list.charges) charges[charge.meterId[0] as 'w' | 'm'] += BigInt(charge.amountMicros ?? 0);
    assert.ok(charges.w > 0n && charges.m > 0n, 'both cost something');
    const text = await page.locator('body').innerText();
    assert.doesNotMatch(text, /kWh|m³/, 'money only');
    const { account } = await ask<{ account: { balanceMicros: string } }>('account.v1.AccountService/GetAccount', accessToken, { accountId });
    const shown = Number((await page.locator('.balance .amount').innerText()).replace(/[^\d.-]/g, ''));
    const yuan = Number(account.balanceMicros) / 1e6;
    assert.ok(Math.abs(shown - yuan) < 1, `${shown} is the purse's ${yuan}`);
    // What each day cost is the ledger's, whatever was posted first: the history of the water came after that of the electricity.
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());
    const dates = { startDate: today, endDate: new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(Date.now() + 86_400_000) };
    const days = await ask<{ total: { amountMicros: string; waterMl: string; energyWh: string } }>('reporting.v1.ReportingService/ListRoomDays', accessToken, { roomId: rooms.rooms[0]!.roomId, ...dates });
    assert.ok(Number(days.total.waterMl) > 0 && Number(days.total.energyWh) > 0, 'both were used today');
    const cost = Number((await page.locator('.balance dd').first().innerText()).replace(/[^\d.-]/g, ''));
    assert.ok(Math.abs(cost - Number(days.total.amountMicros) / 1e6) < 0.1, `${cost} is what today cost by the reports: ${days.total.amountMicros}`);
    await shot(page, 'phone-water', true);
    await page.context().close();
    return 'electricity and water of one purse';
}

/** The connection breaks right after the money was sent: the page says it does not know, then finds out. */
async function lostConnection(browser: Browser): Promise<void> {
    const page = await openPhone(browser, await tenantLink(browser, 'tone-green', false), { size: narrow, locale: 'en' });
    await page.locator('.pay').click();
    await page.locator('.sheet').waitFor();
    await page.route('**/sim/pay', async (route) => {
        await route.fetch();
        await page.context().setOffline(true);
        await route.abort();
    });
    await page.locator('.sheet .pay').click();
    await page.getByText('it is not known yet').waitFor();
    await shot(page, 'phone-unsure');
    await page.context().setOffline(false);
    await page.locator('.state.good').waitFor({ timeout: 30_000 });
    await page.context().close();
}

/** Tells the provider's simulator what to do wrong; nothing = all well. */
async function providerFaults(faults: object): Promise<void> {
    const config = (await (await fetch(`${baseUrl}/client-config.json`)).json()) as { provider_simulator_url: string };
    const answer = await fetch(`${config.provider_simulator_url}/sim/faults`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(faults) });
    assert.ok(answer.ok, 'faults');
    if (!('hold_notices' in faults)) await fetch(`${config.provider_simulator_url}/sim/release`, { method: 'POST' });
}

/** A reload while the money is on its way, once with no way to ask: the page says what it knows, then that it has arrived. */
async function survivesReload(browser: Browser): Promise<string> {
    const page = await openPhone(browser, await tenantLink(browser, 'tone-green', false), { size: narrow, locale: 'en' });
    await page.locator('.pay').click();
    await page.locator('.sheet').waitFor();
    // Neither the notice nor the order query may tell that the money is there.
    await providerFaults({ hold_notices: true, answer_status: 500 });
    try {
        await page.locator('.sheet .pay').click();
        await page.getByText('Waiting for your ¥100.00').waitFor();
        await page.reload();
        await page.getByText('Waiting for your ¥100.00').waitFor();
        await page.locator('.balance .amount').waitFor();
        assert.equal(await page.locator('form .pay').count(), 0, 'nobody is asked to pay again');
        await shot(page, 'phone-pending-after-reload');
        await page.route('**/*TenantService/GetPayment', (route) => route.abort());
        await page.reload();
        await page.getByText('it is not known yet').waitFor();
        assert.equal(await page.locator('form .pay').count(), 0, 'nobody is asked to pay again');
        await page.unroute('**/*TenantService/GetPayment');
        await page.getByText('Waiting for your ¥100.00').waitFor();
        assert.equal(await page.locator('.state.good').count(), 0, 'it has not arrived');
    } finally {
        await providerFaults({});
    }
    const started = Date.now();
    await page.getByText('¥100.00 has arrived').waitFor({ timeout: 30_000 });
    const took = Date.now() - started;
    await page.locator('.history li', { hasText: '+¥100.00' }).first().waitFor();
    await page.reload();
    await page.locator('form .pay').waitFor();
    await page.context().close();
    return `told ${took} ms after the notice went out`;
}

async function otherLooks(browser: Browser): Promise<void> {
    const link = await tenantLink(browser, 'tone-green', false);
    const looks: [string, Look][] = [['390-en-dark', { size: narrow, locale: 'en', dark: true }], ['1280-zh', { size: wide }]];
    for (const [suffix, look] of looks) {
        const page = await openPhone(browser, link, look);
        await shot(page, `phone-${suffix}`, true);
        await expectAccessible(page, `phone ${suffix}`);
        await page.context().close();
    }
    const context = await openContext(browser, { size: narrow }, []);
    const page = await context.newPage();
    await page.goto(`${baseUrl}/m/`);
    await page.locator('.notice').waitFor();
    await shot(page, 'phone-no-link');
    await expectAccessible(page, 'phone without a link');
    await context.close();
}

export const phoneChecks: Check[] = [
    { name: 'phone: pay in two taps, told when it has arrived', run: payInTwoTaps },
    { name: 'phone: electricity and water', run: withWater },
    { name: 'phone: a lost connection while paying', run: lostConnection },
    { name: 'phone: a reload while paying', run: survivesReload },
    { name: 'phone: dark, English, wide, without a link', run: otherLooks },
];
