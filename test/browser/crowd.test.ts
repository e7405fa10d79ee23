import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { usePages } from './support/chromium.ts';
import { crowd, type Gallery } from './support/gallery.ts';
import { show } from './support/show.ts';

/**
 * Ten thousand applications. The times are printed for a person to look at; what is asserted is only that nothing has
 * collapsed, on however slow a machine.
 */
const open = usePages();
const COUNT = 10_000;
const COLLAPSED_MS = 20_000;
const PATIENCE = { timeout: 60_000 };

let gallery: Gallery;
beforeAll(() => {
  gallery = crowd(COUNT, Date.now());
});

function said(what: string, ms: number): void {
  const load = `load ${loadavg()[0]?.toFixed(1)}`;
  process.stdout.write(`    ${COUNT} applications: ${what}: ${Math.round(ms)} ms (${load})\n`);
  expect(ms, what).toBeLessThan(COLLAPSED_MS);
}

/** What is measured in the page itself, by its own clock: from asking to what was asked for being drawn. */
const FIRST_PICTURE = `new Promise((resolve) => {
  const look = () => (document.body?.dataset.drawn ? requestAnimationFrame(() => resolve(performance.now())) : setTimeout(look, 5));
  look();
})`;

async function opened(): Promise<Page> {
  const page = await open(await show({}, gallery));
  await page.locator(`body[data-drawn="${COUNT}"]`).waitFor(PATIENCE);
  return page;
}

test('the first picture is there at once, with what is wrong first, and all the rest soon after', async () => {
  const url = await show({}, gallery);
  for (const visit of ['first', 'second', 'third']) {
    const page = await open(url);
    said(`first picture since navigation, ${visit} visit`, (await page.evaluate(FIRST_PICTURE)) as number);
    expect(await page.locator('#table .rows tr').first().getAttribute('data-state')).toBe('refused');
    expect(await page.locator('#headline').textContent()).toContain('9 of 10\u2009000 applications in trouble');
    await page.locator(`body[data-drawn="${COUNT}"]`).waitFor(PATIENCE);
    said('all of them since navigation', (await page.evaluate('performance.now()')) as number);
    await page.close();
  }
});

test('only what can be seen stands in the document, and screen readers hear how many there are', async () => {
  const page = await opened();
  expect(await page.locator('#table .rows tr').count()).toBeLessThan(100);
  expect(await page.locator('#table').getAttribute('aria-rowcount')).toBe(String(COUNT + 1));
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  await page.locator(`#table tr[aria-rowindex="${COUNT + 1}"]`).waitFor(PATIENCE);
  expect(await page.locator('#table .rows tr').count()).toBeLessThan(100);
});

test('End and Home take the focus along to the last row and to the first', async () => {
  const page = await opened();
  const focused = () => page.evaluate('document.activeElement.closest("tr").getAttribute("aria-rowindex")');
  await page.locator('#table .rows tr').first().getByRole('button').focus();
  for (const [key, row] of [
    ['End', COUNT + 1],
    ['ArrowUp', COUNT],
    ['Home', 2],
  ] as const) {
    await page.keyboard.press(key);
    expect(await focused(), key).toBe(String(row));
  }
});

test('a search finds one in ten thousand while it is typed', async () => {
  const page = await opened();
  const took = await page.evaluate(`(() => {
    const [field, began] = [document.getElementById('q'), performance.now()];
    for (const text of ['a', 'ap', 'app', 'app-0', 'app-07', 'app-077', 'app-0777', 'app-07777']) {
      field.value = text;
      field.dispatchEvent(new Event('input'));
    }
    return performance.now() - began;
  })()`);
  said('a search of eight letters', took as number);
  expect(await page.locator('#table .rows tr').count()).toBe(1);
  expect(await page.locator('#count').textContent()).toBe(`1 of ${COUNT.toLocaleString('en').replace(',', '\u2009')}`);
});

test('the page answers while all of them rotate, and shows in the end how each of them stands', async () => {
  const page = await opened();
  const began = performance.now();
  const now = Date.now();
  for (const application of gallery.board.names()) {
    gallery.board.follow({ event: 'rotation.started', application });
    const entry = gallery.board.entry(application, now);
    const current = entry?.view?.current;
    if (!entry?.view || !current) continue;
    const view = { ...entry.view, generation: 8, current: { ...current, publishedAt: now } };
    gallery.board.record(
      { application, did: 'rotated', notices: [], view, nextAt: now + 86_400_000, next: 'rotate' },
      now,
    );
  }
  said('board and feed took all the changes', performance.now() - began);
  await page.locator('#headline', { hasText: 'are well' }).waitFor(PATIENCE);
  await page.getByRole('searchbox').fill('app-09999');
  await page.locator('#table .rows .generation', { hasText: '8' }).waitFor(PATIENCE);
  said('until the page showed them', performance.now() - began);
  expect(await page.locator('#table .rows tr').count()).toBe(1);
});
