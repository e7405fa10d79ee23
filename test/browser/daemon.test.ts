import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { usePages } from './support/chromium.ts';
import { openWorld, type RunningDaemon, type World } from './support/world.ts';

/** The page on a real daemon, a process of its own, that really rotates. */
const scene = useScene();
const open = usePages();
const PATIENCE = { timeout: 60_000 };

let world: World;
let daemon: RunningDaemon;

beforeAll(async () => {
  world = await openWorld(scene);
  daemon = await world.start();
});

const row = (page: Page, name: string) => page.locator(`#table tr[data-application="${name}"]`);

/** Waits until a row shows that state. */
const shows = (page: Page, name: string, state: string) =>
  page.locator(`#table tr[data-application="${name}"][data-state="${state}"]`).waitFor(PATIENCE);

test('the page shows what is wrong with which application, and what to do', async () => {
  const page = await open(daemon.url);
  await shows(page, 'well', 'current');
  await shows(page, 'refused', 'refused');
  await shows(page, 'blocked', 'blocked');
  await shows(page, 'failing', 'failing');
  await page.locator('#headline', { hasText: '3 of 5 applications in trouble' }).waitFor(PATIENCE);
  const troubles = page.locator('#troubles');
  for (const [kind, code, words] of [
    ['refused', 'unmanaged', 'not written by rekeyd'],
    ['blocked', 'quota-full', '1 of 1 credentials'],
    ['failing', 'issuer-', 'Not authorized'],
  ]) {
    const card = troubles.locator('li', { hasText: code as string });
    await card.filter({ hasText: words as string }).waitFor(PATIENCE);
    expect(await card.textContent()).toMatch(new RegExp(`${kind}.*since .*What to do: \\S+`));
  }
  expect(await row(page, 'well').locator('.key').textContent()).toBe(keyOf('well'));
  await page
    .locator('#servers li', { hasText: 'good' })
    .filter({ hasText: /\d of 50 credentials/ })
    .waitFor(PATIENCE);
});

test('a refused policy file is shown loudly, with why, and its correction takes that away', async () => {
  const page = await open(daemon.url);
  await shows(page, 'well', 'current');
  await world.rewrite('owner: browser-test\nnonsense: true\n');
  const banner = page.locator('#banners li', { hasText: 'A newer policy file was refused' });
  await banner.waitFor(PATIENCE);
  expect(await banner.textContent()).toContain('nonsense');
  await world.rewrite();
  await banner.waitFor({ state: 'detached', ...PATIENCE });
});

test('with the token an application is rotated from the page, after saying what will happen', async () => {
  const page = await open(daemon.url);
  await shows(page, 'shop', 'current');
  const before = keyOf('shop');
  await row(page, 'shop').getByRole('button').click();
  const sheet = page.getByRole('dialog', { name: 'shop' });
  await sheet.getByRole('button', { name: 'Rotate now' }).click();
  const question = page.getByRole('dialog', { name: 'Rotate shop now?' });
  const words = await question.textContent();
  for (const said of ['good makes a new credential', 'apps/shop', 'generation 2', before, 'grace of 2 h']) {
    expect(words).toContain(said);
  }
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect(await sheet.isVisible()).toBe(true);
  expect(keyOf('shop')).toBe(before);

  await sheet.getByRole('button', { name: 'Rotate now' }).click();
  await question.getByRole('button', { name: 'Rotate now' }).click();
  await page.getByLabel('The token of http.token').fill(world.token);
  await page.getByRole('button', { name: 'Use it' }).click();
  await sheet.getByText('Rotated: generation 2 is published.').waitFor(PATIENCE);
  expect(keyOf('shop')).not.toBe(before);
  const generations = sheet.getByRole('region', { name: 'Generations as a table' });
  await generations.getByRole('row', { name: new RegExp(`2 ${keyOf('shop')} current`) }).waitFor(PATIENCE);
  await generations.getByRole('row', { name: new RegExp(`1 ${before} in grace`) }).waitFor(PATIENCE);
  await sheet.getByRole('button', { name: 'Close' }).click();
  await shows(page, 'shop', 'in-grace');
  expect(await row(page, 'shop').locator('.key').textContent()).toBe(keyOf('shop'));
});

test('what a refusal kept from being rotated is told with its code and the way out', async () => {
  const page = await open(daemon.url, { token: world.token });
  await shows(page, 'refused', 'refused');
  await row(page, 'refused').getByRole('button').click();
  await page.getByRole('button', { name: 'Rotate now' }).click();
  await page.getByRole('dialog', { name: 'Rotate refused now?' }).getByRole('button', { name: 'Rotate now' }).click();
  await page
    .getByRole('status')
    .filter({ hasText: /Not rotated: .*not written by rekeyd.*--despite unmanaged/ })
    .waitFor(PATIENCE);
});

test('what heals shows without reloading, and the headline with it', async () => {
  const page = await open(daemon.url);
  await shows(page, 'refused', 'refused');
  await shows(page, 'blocked', 'blocked');
  await page.evaluate(() => Object.assign(globalThis, { isStillHere: true }));
  world.sandbox.vaultStore.poke('apps/refused', {});
  await shows(page, 'refused', 'current');
  await page.locator('#headline', { hasText: '2 of 5 applications in trouble' }).waitFor(PATIENCE);
  expect(await page.evaluate('isStillHere')).toBe(true);
  await page
    .locator('#announcer', { hasText: '2 of 5 applications in trouble' })
    .waitFor({ state: 'attached', ...PATIENCE });
});

test('no secret is ever in the page or in what the API answers', async () => {
  const page = await open(daemon.url, { token: world.token });
  await shows(page, 'well', 'current');
  await row(page, 'well').getByRole('button').click();
  await page.locator('.timeline').waitFor(PATIENCE);
  const { sandbox } = world;
  const secrets = [sandbox.apiKey, sandbox.roleId, sandbox.secretId, sandbox.rootToken].map((secret) =>
    secret.reveal(),
  );
  secrets.push(world.token, ...sandbox.credentials(sandbox.instance).map(({ secretAccessKey }) => secretAccessKey));
  const texts = [await page.content()];
  for (const path of ['overview', 'issuers', 'applications', 'applications/well', 'applications/shop']) {
    texts.push(await (await fetch(`${daemon.url}/api/v1/${path}`)).text());
  }
  for (const text of texts) for (const secret of secrets) expect(text.includes(secret)).toBe(false);
});

test('a page that loses its daemon says so, and is live again when one answers there', async () => {
  const page = await open(daemon.url);
  await shows(page, 'well', 'current');
  const { host } = new URL(daemon.url);
  await daemon.stop();
  await page.locator('#line[data-line="lost"]').waitFor(PATIENCE);
  expect(await page.locator('#line').textContent()).toContain('what is shown may be old');
  daemon = await world.start(host);
  await page.locator('#line[data-line="live"]').waitFor(PATIENCE);
  await shows(page, 'well', 'current');
});

test('off loopback the page asks for the token, says when it is wrong, and forgets it with the tab', async () => {
  const outside = await world.start('0.0.0.0:0');
  const page = await open(outside.url);
  const dialog = page.getByRole('dialog', { name: 'Token' });
  await dialog.waitFor(PATIENCE);
  expect(await page.locator('#table .rows tr').count()).toBe(0);
  await dialog.getByLabel('The token of http.token').fill('wrong');
  await page.keyboard.press('Enter');
  await dialog.getByText('The server does not take this token.').waitFor(PATIENCE);
  await dialog.getByLabel('The token of http.token').fill(world.token);
  await page.keyboard.press('Enter');
  await shows(page, 'well', 'current');
  expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
  const another = await open(outside.url);
  await another.getByRole('dialog', { name: 'Token' }).waitFor(PATIENCE);
  await outside.stop();
});

/** The access key id that Vault holds for an application. */
function keyOf(application: string): string {
  const { access_key_id: id } = world.sandbox.vaultStore.peek(`apps/${application}`) as { access_key_id: string };
  return id;
}
