import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** A browser that talks to nobody by itself. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchChromium(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `there is no ${CHROMIUM}: install Debian's package chromium (apt-get install chromium), or name another in CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

export interface Visit extends BrowserContextOptions {
  /** Kept in the tab before the page starts. */
  readonly token?: string;
}

/** Opens pages in one browser for the whole file; after each test none may have had anything to complain about. */
export function usePages() {
  let browser: Browser;
  let opened: { readonly page: Page; readonly complaints: string[] }[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  afterEach(async ({ task }) => {
    const all = opened;
    opened = [];
    if (task.result?.state === 'fail') for (const { page } of all) process.stderr.write(`${await seenOn(page)}\n`);
    for (const { page } of all) await page.context().close();
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  return async (url: string, { token, ...options }: Visit = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    opened.push({ page, complaints: complaintsOf(page) });
    if (token !== undefined) {
      await page.addInitScript((value) => sessionStorage.setItem('rekeyd-token', value), token);
    }
    await page.goto(url);
    return page;
  };
}

/** What a page showed when its test failed. */
async function seenOn(page: Page): Promise<string> {
  const text = await page.innerText('body').catch((error: Error) => error.message);
  return `--- ${page.url()}\n${text.split('\n').slice(0, 30).join('\n')}`;
}

/** What the console says, and what was thrown. That the API does not answer is told by the page itself. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    const isAnswer = message.text().startsWith('Failed to load resource') && message.location().url.includes('/api/');
    const said = `${message.text()} (${message.location().url})`;
    if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(said);
  });
  return complaints;
}
