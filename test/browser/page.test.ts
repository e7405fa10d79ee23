import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { STATES } from '../../src/telemetry/board-entry.ts';
import { httpOptions, siteOf, started } from '../http/serving.ts';
import { usePages } from './support/chromium.ts';
import { everyState, viewOf } from './support/gallery.ts';
import { show } from './support/show.ts';

/** The page on a board that has everything. */
const open = usePages();
const PATIENCE = { timeout: 30_000 };

const rows = (page: Page) => page.locator('#table .rows tr');
const names = (page: Page) => page.locator('#table .rows tr th button').allTextContents();

async function opened(path = ''): Promise<Page> {
  const page = await open(`${await show()}/${path}`);
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  return page;
}

test('every state has its row, in words and with a sign of its own, the worst first', async () => {
  const page = await opened();
  const shown = await rows(page).evaluateAll((all) =>
    all.map((one) => {
      const [glyph, word] = [...one.querySelectorAll('.state span')].map((span) => span.textContent);
      return { state: one.getAttribute('data-state') ?? '', glyph: glyph ?? '', word };
    }),
  );
  expect(new Set(shown.map(({ state }) => state))).toEqual(new Set([...STATES, 'retired']));
  expect(shown.slice(0, 4).map(({ state }) => state)).toEqual(['refused', 'failing', 'blocked', 'overdue']);
  for (const { state, word } of shown) expect(word).toBe(state.replace('in-grace', 'in grace'));
  const signs = new Map(shown.map(({ state, glyph }) => [state, glyph]));
  expect(new Set(signs.values()).size).toBe(STATES.length + 1);
});

test('each row says how old the credential is, what comes next, and what waits to be revoked', async () => {
  const page = await opened();
  const textOf = (name: string) => page.locator(`tr[data-application="${name}"]`).textContent();
  expect(await textOf('in-grace')).toMatch(/12 d.*revoke in 1 d \d+ h.*1: revoked in 1 d \d+ h/);
  expect(await textOf('adopted')).toMatch(/adopted-still-live.*by a person only/);
  expect(await textOf('held')).toMatch(/held, until in 1 d 23 h/);
  expect(await textOf('refused')).toMatch(/edited.*waits for a person/);
  expect(await textOf('failing')).toMatch(/issuer-unauthorized.*try again in 9 min/);
});

test('a policy that was refused, Vault and issuers that fail stand above everything else', async () => {
  const { site } = httpOptions();
  const problem = { code: 'vault-login-rejected', reason: 'Vault refuses the login', remedy: 'Check vault.auth.' };
  const circuit = {
    ...site.issuers()[0]?.circuit,
    isOpen: true,
    openSince: Date.now() - 200_000,
    lastFailure: problem,
  } as ReturnType<typeof site.vault>['circuit'];
  const bad = siteOf({
    policyStanding: () => ({
      loadedAt: Date.now(),
      rejected: { at: Date.now(), message: 'rekeyd.yaml:3:1: unknown key' },
    }),
    vault: () => ({ address: 'https://vault.example', circuit, problem }),
    issuers: () => site.issuers().map((issuer) => ({ ...issuer, circuit })),
  });
  const page = await open(await show({ site: bad }));
  const banners = page.locator('#banners li');
  await banners.first().waitFor(PATIENCE);
  const texts = await banners.allTextContents();
  expect(texts[0]).toMatch(/A newer policy file was refused.*rekeyd\.yaml:3:1: unknown key.*stays in force/);
  expect(texts.slice(1)).toEqual([
    expect.stringMatching(/Vault refuses the login.*vault-login-rejected.*Check vault\.auth\./),
    expect.stringMatching(/Vault fails for everybody/),
    expect.stringMatching(/Issuer sto1 fails for everybody/),
  ]);
  for (const text of texts.slice(2)) expect(text).toMatch(/for 3 min/);
  expect(await page.locator('#servers').textContent()).toMatch(/(circuit open for 3 min: only probed.*){2}/);
});

test('the issuer’s credentials stand beside their limit, and its calls of the last minute beside its rate', async () => {
  const page = await opened();
  const card = await page.locator('#servers li', { hasText: 'sto1' }).textContent();
  expect(card).toMatch(
    /10 of 200 credentials.*7 ours, 1 unclaimed, 2 foreign.*12 calls in the last minute; at most 5 calls\/s/,
  );
});

test('slash goes to the search, what is typed filters, and Escape shows all again', async () => {
  const page = await opened();
  const all = await rows(page).count();
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.id')).toBe('q');
  await page.keyboard.type('Rotatin');
  await expect.poll(() => names(page)).toEqual(['rotating']);
  expect(await page.locator('#count').textContent()).toBe(`1 of ${all}`);
  await page.keyboard.press('Escape');
  await expect.poll(() => rows(page).count()).toBe(all);
  await page.keyboard.type('quota-full');
  await expect.poll(() => names(page)).toEqual(['blocked']);
});

test('the page finds the same as the API, also by path, by an earlier access key id and by the code of a notice', async () => {
  const gallery = everyState(Date.now());
  const page = await open(await show({}, gallery));
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  const earlier = gallery.board.entry('in-grace', Date.now())?.view?.superseded[0]?.accessKeyId ?? '';
  const found = async (q: string) => {
    const answer = await fetch(`${new URL(page.url()).origin}/api/v1/applications?q=${encodeURIComponent(q)}`);
    const { applications } = (await answer.json()) as { applications: { application: string }[] };
    await page.getByRole('searchbox').fill(q);
    await expect
      .poll(async () => (await names(page)).toSorted())
      .toEqual(applications.map(({ application }) => application).toSorted());
    return applications.length;
  };
  for (const q of [earlier, 'apps/in-grace', 'adopted-still-live', 'QUOTA-full sto1'])
    expect(await found(q), q).toBe(1);
  expect(await found('sto1')).toBe(gallery.board.size);
  expect(await found('nobody')).toBe(0);
});

test('all that are merely late are shown from what is wrong, though they have no code', async () => {
  const gallery = everyState(Date.now());
  const late = Array.from({ length: 7 }, (_, index) => `late-${index}`);
  gallery.board.govern(new Map([...late, 'current'].map((name) => [name, { issuer: 'sto1', path: `apps/${name}` }])));
  const rotateAt = Date.now() - 7_200_000;
  for (const name of late) {
    const view = viewOf(name, Date.now(), { rotateAt });
    const outcome = { application: name, did: 'nothing', notices: [], view, nextAt: rotateAt, next: 'rotate' } as const;
    gallery.board.record(outcome, Date.now());
  }
  const page = await open(await show({}, gallery));
  await page.getByRole('button', { name: 'and 2 more' }).click();
  await expect.poll(() => names(page)).toEqual(late);
});

test('states filter, more than one together, and the address keeps it for a reload', async () => {
  const page = await opened();
  const chip = (name: string) =>
    page.getByRole('group', { name: 'Show only these states' }).getByRole('button', { name });
  await chip('refused').click();
  await chip('held').click();
  await expect.poll(() => names(page)).toEqual(['refused', 'held']);
  expect(await chip('refused').getAttribute('aria-pressed')).toBe('true');
  expect(new URL(page.url()).search).toBe('?state=refused,held');
  await page.getByRole('searchbox').fill('ref');
  await page.reload();
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  await expect.poll(() => names(page)).toEqual(['refused']);
  expect(await page.getByRole('searchbox').inputValue()).toBe('ref');
});

test('an address names an application and opens it', async () => {
  const page = await opened('?app=in-grace');
  await page.getByRole('dialog', { name: 'in-grace' }).locator('.timeline').waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  // the dialog tells that it was closed only after the key was heard
  await page.waitForURL((url) => url.search === '', PATIENCE);
});

test('columns sort, and say so', async () => {
  const page = await opened();
  await page.getByRole('columnheader', { name: 'Application' }).getByRole('button').click();
  const sorted = await names(page);
  expect(sorted).toEqual(sorted.toSorted());
  expect(await page.getByRole('columnheader', { name: 'Application' }).getAttribute('aria-sort')).toBe('ascending');
  expect(await page.getByRole('columnheader', { name: 'State' }).getAttribute('aria-sort')).toBeNull();
});

test('by keyboard alone: into the list, along it, into an application, back to the same row', async () => {
  const page = await opened();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the applications');
  await rows(page).first().getByRole('button').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('failing');
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'failing' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('failing');
});

test('the timeline shows every generation, and tells the same in words and as a table', async () => {
  const page = await opened('?app=in-grace');
  const picture = page.getByRole('img', { name: 'Generations of in-grace' });
  await picture.waitFor(PATIENCE);
  expect(
    await picture.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => lane.getAttribute('data-fate'))),
  ).toEqual(['current', 'superseded', 'revoked']);
  for (const kind of ['issued', 'verified', 'published'])
    expect(await picture.locator(`.mark.${kind}`).count()).toBe(3);
  for (const [kind, count] of [
    ['superseded', 2],
    ['revoked', 1],
    ['to-revoke', 1],
    ['rotation', 1],
  ] as const) {
    expect(await picture.locator(`.mark.${kind}`).count(), kind).toBe(count);
  }
  const words = await picture.locator('desc').textContent();
  expect(words).toMatch(
    /Generation 7 \(\w+\) is current\. Generation 6 \(\w+\) is in grace\. Generation 5 \(\w+\) is revoked\./,
  );
  expect(words).toMatch(/revocation in 1 d \d+ h\. rotation in \d+ d\./);
  const table = page.getByRole('region', { name: 'Generations as a table' });
  expect(await table.getByRole('row').count()).toBe(4);
  await page.getByText('verification-failed').waitFor(PATIENCE);
});

test('no line crosses out what a generation is called', async () => {
  const page = await opened('?app=in-grace');
  await page.locator('.timeline').waitFor(PATIENCE);
  const [above, below] = await Promise.all(
    ['.timeline .now, .timeline .plan, .timeline .axis', '.timeline .label'].map((which) =>
      page.evaluate(
        `[...document.querySelectorAll('.timeline > g')].flatMap((one, at) => (one.matches('${which}') ? [at] : []))`,
      ),
    ),
  );
  const [lines, labels] = [above, below] as [number[], number[]];
  expect([lines.length, labels.length]).toEqual([3, 3]);
  expect(Math.min(...labels)).toBeGreaterThan(Math.max(...lines));
  expect(await page.evaluate('getComputedStyle(document.querySelector(".timeline .label text")).paintOrder')).toBe(
    'stroke',
  );
});

test('whoever decides against a rotation, or sends a wrong token, is back at the button, whatever changed meanwhile', async () => {
  const gallery = everyState(Date.now());
  const page = await open(`${await show({}, gallery)}/?app=current`);
  const sheet = page.getByRole('dialog', { name: 'current' });
  await sheet.locator('.timeline').waitFor(PATIENCE);
  const kept = () => page.evaluate('document.activeElement.dataset.keep');
  const changed = async () => {
    const answer = page.waitForResponse(/applications\/current$/, PATIENCE);
    gallery.board.follow({ event: 'credential.verified', application: 'current' });
    await (await answer).finished();
  };
  await sheet.getByRole('button', { name: 'Rotate now' }).focus();
  for (const key of ['Enter', 'Escape']) {
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Rotate current now?' }).waitFor(PATIENCE);
    await changed();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.keyboard.press(key);
    expect(await kept()).toBe('rotate');
    await changed();
    expect(await kept()).toBe('rotate');
  }
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByLabel('The token of http.token').waitFor(PATIENCE);
  await changed();
  await page.keyboard.type('wrong');
  await page.keyboard.press('Enter');
  await sheet.getByText('Unauthorized').waitFor(PATIENCE);
  expect(await kept()).toBe('rotate');
  await changed();
  expect(await kept()).toBe('rotate');
});

test('without a token in the policy nothing can be rotated here, and the page says why', async () => {
  const { url } = await started({ ...everyState(Date.now()), now: () => Date.now() });
  const page = await open(`${url}/?app=current`);
  const button = page.getByRole('button', { name: 'Rotate now' });
  await button.waitFor(PATIENCE);
  await expect.poll(() => button.isDisabled()).toBe(true);
  await page.getByText('the policy names no http.token').waitFor(PATIENCE);
});

test('what does not answer is told in an open application, with a token or without, until it answers again', async () => {
  const gallery = everyState(Date.now());
  const lookAgain = () => gallery.board.follow({ event: 'credential.verified', application: 'current' });
  const { url } = await started({ ...gallery, now: () => Date.now() });
  for (const at of [url, await show({}, gallery)]) {
    const page = await open(`${at}/?app=current`);
    const sheet = page.getByRole('dialog', { name: 'current' });
    await sheet.locator('.timeline').waitFor(PATIENCE);
    await page.route('**/api/v1/applications/**', (route) => route.abort());
    lookAgain();
    const lost = sheet.getByText('rekeyd does not answer.');
    await lost.waitFor(PATIENCE);
    expect(await sheet.locator('.state').textContent()).toContain('current');
    await page.unroute('**/api/v1/applications/**');
    lookAgain();
    await lost.waitFor({ state: 'detached', ...PATIENCE });
    expect(await sheet.textContent()).not.toContain('does not answer');
  }
});

test('what was retired on purpose is shown calmly, and is in no trouble', async () => {
  const gallery = everyState(Date.now());
  const policyOf = (name: string) => [name, { issuer: 'sto1', path: `apps/${name}/s3`, graceMs: 172_800_000 }] as const;
  gallery.board.govern(new Map(['retired', 'current', 'in-grace'].map(policyOf)));
  const page = await open(await show({}, gallery));
  await page.locator('#headline', { hasText: 'All 2 applications in service are well' }).waitFor(PATIENCE);
  expect(await page.locator('#attention').getAttribute('data-mood')).toBe('well');
  expect(await page.locator('#subline').textContent()).toContain('1 retired.');
  const row = page.locator('tr[data-application="retired"]');
  expect([await row.getAttribute('data-state'), await row.getAttribute('data-mood')]).toEqual(['retired', 'calm']);
  const card = page.locator('#troubles li');
  expect(await card.textContent()).toMatch(/worth a look.*retired.*Take it out of the policy/);
  expect(await card.getAttribute('data-mood')).toBe('calm');
  await row.getByRole('button').click();
  const sheet = page.getByRole('dialog', { name: 'retired' });
  await sheet.locator('.state', { hasText: 'taken out of service on purpose' }).waitFor(PATIENCE);
  expect(await sheet.locator('[data-mood="bad"]').count()).toBe(0);
});

test('on a hold the row and the application say that nothing is revoked before it ends', async () => {
  const now = Date.now();
  const gallery = everyState(now);
  const inGrace = gallery.board.entry('in-grace', now)?.view;
  if (!inGrace) throw new Error('the gallery has no in-grace');
  const hold = { until: now + 9.5 * 86_400_000, by: 'ann@laptop', why: '' };
  const outcome = { application: 'in-grace', did: 'nothing', notices: [], nextAt: hold.until } as const;
  gallery.board.record({ ...outcome, view: { ...inGrace, hold }, next: 'the hold ends' }, now);
  const page = await open(`${await show({}, gallery)}/?app=in-grace`);
  const sheet = page.getByRole('dialog', { name: 'in-grace' });
  await sheet.locator('.timeline').waitFor(PATIENCE);
  const fact = (name: string) =>
    sheet
      .locator('dl > div', { has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .textContent();
  expect(await fact('To be revoked')).toMatch(/rotated, revoked .* in 9 d \d+ h, after the hold$/);
  expect(await fact('Next rotation')).toMatch(/ in 1[78] d$/);
  expect(await fact('Hold')).toMatch(/ by ann@laptop$/);
  const table = sheet.getByRole('region', { name: 'Generations as a table' });
  await table.getByText(/^in 9 d \d+ h, after the hold$/).waitFor(PATIENCE);
  expect(await page.locator('tr[data-application="in-grace"] .waiting').textContent()).toMatch(
    /^1: revoked in 9 d \d+ h, after the hold$/,
  );
});

test('what changes shows in the row, in the counts and in the open application', async () => {
  const gallery = everyState(Date.now());
  const page = await open(await show({}, gallery));
  await page.locator('body[data-drawn]').waitFor(PATIENCE);
  const row = page.locator('tr[data-application="current"]');
  await row.getByRole('button').click();
  const sheet = page.getByRole('dialog', { name: 'current' });
  await sheet.locator('.timeline').waitFor(PATIENCE);
  gallery.board.follow({ event: 'rotation.started', application: 'current' });
  await sheet.locator('.state', { hasText: 'rotating' }).waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  expect(await row.getAttribute('data-state')).toBe('rotating');
  await expect.poll(() => page.locator('.chip[data-state="rotating"]').textContent()).toMatch(/rotating 2/);
});

test('an application that the policy no longer has goes away', async () => {
  const gallery = everyState(Date.now());
  const page = await open(await show({}, gallery));
  await page.locator('tr[data-application="held"]').waitFor(PATIENCE);
  gallery.board.govern(new Map([['current', { issuer: 'sto1', path: 'apps/current/s3' }]]));
  await page.locator('tr[data-application="held"]').waitFor({ state: 'detached', ...PATIENCE });
  expect(await names(page)).toEqual(['current']);
  await page.locator('#headline', { hasText: 'The application is well' }).waitFor(PATIENCE);
});
