import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { baseUrl, expectAccessible, go, logIn, narrow, openContext, shot, wide, type Look } from './harness';
import type { Check } from './console_checks';

/** Makes a tenant link through the console, as the cashier would, and answers its address. */
async function tenantLink(browser: Browser, tone: string, picture: boolean): Promise<string> {
    const context = await openContext(browser, {}, []);
    const page = await context.newPage();
    await logIn(page);
    await page.locator('.building .tile').first().waitFor();
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
    { name: 'phone: a lost connection while paying', run: lostConnection },
    { name: 'phone: a reload while paying', run: survivesReload },
    { name: 'phone: dark, English, wide, without a link', run: otherLooks },
];
