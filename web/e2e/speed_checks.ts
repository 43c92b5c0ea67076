import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { logIn, openContext, wide } from './harness';
import type { Check } from './console_checks';

const scrollFrames = 120;
// Half the frames while scrolling over the live wall, drawn without a graphics card on a busy machine.
const frameLimit_ms = 40;
const longTaskLimit_ms = 200;
const filterLimit_ms = 400;

/** Scrolls the whole wall, one step a frame, and answers the times between frames. */
function scrollTimes(page: Page): Promise<number[]> {
    return page.evaluate(
        (frames) =>
            new Promise<number[]>((resolve) => {
                const times: number[] = [];
                const step = (document.documentElement.scrollHeight - innerHeight) / frames;
                let last = performance.now();
                const frame = (now: number) => {
                    times.push(now - last);
                    last = now;
                    scrollBy(0, step);
                    if (times.length < frames) requestAnimationFrame(frame);
                    else resolve(times.slice(1));
                };
                requestAnimationFrame(frame);
            }),
        scrollFrames,
    );
}

/** Longest tasks while changes stream in for some seconds. */
function longTasks(page: Page, seconds: number): Promise<number[]> {
    return page.evaluate(
        (ms) =>
            new Promise<number[]>((resolve) => {
                const tasks: number[] = [];
                const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
                observer.observe({ entryTypes: ['longtask'] });
                setTimeout(() => resolve(tasks), ms);
            }),
        seconds * 1000,
    );
}

async function filterTime(page: Page): Promise<number> {
    return page.evaluate(
        () =>
            new Promise<number>((resolve) => {
                const chip = document.querySelector<HTMLButtonElement>('.chip')!;
                const count = () => document.querySelectorAll('.building .tile').length;
                const before = count();
                const started = performance.now();
                chip.click();
                const look = () => (count() < before ? resolve(performance.now() - started) : requestAnimationFrame(look));
                look();
            }),
    );
}

const percentile = (values: number[], part: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

async function smoothWall(browser: Browser): Promise<string> {
    const context = await openContext(browser, { size: wide }, []);
    const page = await context.newPage();
    await logIn(page);
    const started = Date.now();
    await page.locator('.building .tile').first().waitFor();
    const firstTile_ms = Date.now() - started;
    await page.waitForTimeout(1500);
    const rooms = await page.locator('.building .tile').count();
    const frames = await scrollTimes(page);
    const tasks = await longTasks(page, 6);
    await page.evaluate(() => scrollTo(0, 0));
    const filter_ms = await filterTime(page);
    await context.close();
    const p50 = percentile(frames, 0.5);
    const longest = Math.max(0, ...tasks);
    const text = `${rooms} rooms: first tile ${firstTile_ms} ms after log-in, scroll frame p50 ${p50.toFixed(1)} ms, p95 ${percentile(frames, 0.95).toFixed(1)} ms, long tasks in 6 s live: ${tasks.length} (max ${longest.toFixed(0)} ms), filter ${filter_ms.toFixed(0)} ms`;
    assert.ok(p50 < frameLimit_ms, text);
    assert.ok(longest < longTaskLimit_ms, text);
    assert.ok(filter_ms < filterLimit_ms, text);
    return text;
}

export const speedChecks: Check[] = [{ name: 'the wall is smooth while it is live', run: smoothWall }];
