import { launch, openContext, logIn } from './harness';
const b = await launch();
for (const dark of [false, true]) {
  const c = await openContext(b, { locale: 'en', dark }, []);
  const p = await c.newPage(); p.setDefaultTimeout(60000);
  await logIn(p, '/', { user: 'operator', password: 'demo' });
  await p.locator('.building .tile .num').first().waitFor();
  const r = await p.evaluate(() => {
    const tile = document.querySelector('.building a.tile.tone-green')! as HTMLElement;
    tile.querySelector('.num')!.textContent = '¥100,141.89';
    const t = tile.getBoundingClientRect(), n = tile.querySelector('.num')!.getBoundingClientRect(), i = tile.querySelector('i')!;
    const over = [...document.querySelectorAll('.tile')].filter((e) => e.scrollWidth > e.clientWidth).length;
    return { tile: [t.width, t.height, t.right], numRight: n.right, numW: n.width, word: i.getBoundingClientRect().width, wordText: i.textContent, over, all: document.querySelectorAll('.tile').length };
  });
  console.log(dark, JSON.stringify(r));
  const tile = p.locator('.building a.tile.tone-green').first();
  const col = () => tile.evaluate((e) => [getComputedStyle(e).color, getComputedStyle(e.querySelector('b')!).color, getComputedStyle(e.querySelector('.num')!).color].join(' | '));
  const before = await col(); await tile.hover(); await p.waitForTimeout(600); console.log('hover', before, '=>', await col());
  await tile.screenshot({ path: `/tmp/tile-${dark}.png` });
  await tile.click(); await p.locator('.money-panel .facts').waitFor(); await p.waitForTimeout(1500);
  console.log(await p.locator('.money-panel dd').first().innerText(), '##', await p.locator('.room-main small.num').first().innerText());
}
await b.close();
