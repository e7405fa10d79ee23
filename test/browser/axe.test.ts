import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { httpOptions, siteOf } from '../http/serving.ts';
import { usePages } from './support/chromium.ts';
import { show } from './support/show.ts';

/** axe-core looks at everything the page can show, in both colour schemes, wide and narrow. */
const open = usePages();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = { timeout: 30_000 };

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run(document).then(({ violations }) => violations)')) as Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}

const site = siteOf({
  policyStanding: () => ({
    loadedAt: Date.now(),
    rejected: { at: Date.now(), message: 'rekeyd.yaml:3:1: unknown key' },
  }),
});
const SIZES = {
  wide: { width: 1280, height: 900 },
  narrow: { width: 390, height: 844 },
  narrowest: { width: 320, height: 568 },
} as const;
const cases = (['light', 'dark'] as const).flatMap((scheme) =>
  (['wide', 'narrow', 'narrowest'] as const).map((size) => [scheme, size] as const),
);

test.each(cases)('axe finds no violation: %s, %s', async (colorScheme, size) => {
  const page = await open(await show({ site: { ...httpOptions().site, ...site } }), {
    colorScheme,
    viewport: SIZES[size],
    bypassCSP: true,
  });
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Show 2 more' }).click();
  await page.locator('.chip[data-state="held"]').click();
  await page.locator('.chip[data-state="held"]').click();
  expect(await violations(page), 'the page').toEqual([]);
  await page.locator('tr[data-application="in-grace"] button').click();
  await page.locator('.timeline').waitFor(PATIENCE);
  expect(await violations(page), 'an application').toEqual([]);
  await page.getByRole('button', { name: 'Rotate now' }).click();
  expect(await violations(page), 'the question').toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('tr[data-application="failing"] button').click();
  await page.locator('.timeline').waitFor(PATIENCE);
  expect(await violations(page), 'an application in trouble').toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Token' }).click();
  expect(await violations(page), 'the token').toEqual([]);
});

test.each(['narrow', 'narrowest'] as const)('nothing is wider than a phone: %s', async (size) => {
  const url = await show({ site });
  const list = await open(url, { viewport: SIZES[size] });
  await list.locator('body[data-drawn]').waitFor(PATIENCE);
  expect(await list.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  const page = await open(`${url}/?app=in-grace`, { viewport: SIZES[size] });
  await page.locator('.timeline').waitFor(PATIENCE);
  const widths =
    '[document.documentElement, document.getElementById("detail")].map((it) => it.scrollWidth - it.clientWidth)';
  expect(await page.evaluate(widths)).toEqual([0, 0]);
});

test.each(['in-grace', 'adopted'])(
  'what a generation is called stands whole in the picture of a phone: %s',
  async (app) => {
    const page = await open(`${await show({ site })}/?app=${app}`, { viewport: SIZES.narrowest });
    await page.locator('.timeline').waitFor(PATIENCE);
    const outside = `(() => {
    const box = document.querySelector('.timeline').getBoundingClientRect();
    const texts = [...document.querySelectorAll('.timeline .label text')].map((text) => [text, text.getBoundingClientRect()]);
    const isIn = ({ left, right }) => left >= box.left && right <= box.right;
    return { count: texts.length, cut: texts.filter(([, at]) => !isIn(at)).map(([text]) => text.textContent) };
  })()`;
    const { count, cut } = (await page.evaluate(outside)) as { count: number; cut: string[] };
    expect(count).toBeGreaterThan(1);
    expect(cut).toEqual([]);
  },
);

test('the buttons that sort, which a phone does not show, take no focus there, and the columns keep their names', async () => {
  const page = await open(await show({ site }), { viewport: SIZES.narrowest });
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  await page.locator('.chip').last().focus();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.closest("tbody.rows") !== null')).toBe(true);
  expect(await page.getByRole('columnheader', { name: 'What comes next' }).count()).toBe(1);
});
