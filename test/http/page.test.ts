import { expect, test } from 'vitest';
import { DASHBOARD_FILES } from '../../src/http/dashboard-files.ts';
import { offLoopback, serve, token } from './serving.ts';

const addressOf = (name: string) => (name === 'index.html' ? '/' : `/dashboard/${name}`);

test('the front page names every endpoint', async () => {
  const { text, headers } = await (await serve())('/');
  expect(headers['content-type']).toMatch(/^text\/html/);
  for (const path of ['/api/v1/applications', '/api/v1/openapi.json', '/metrics', '/healthz', '/readyz'])
    expect(text).toContain(path);
});

test('every file of the page is there with its type and a policy that lets nothing else in', async () => {
  const ask = await serve();
  const types = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
  expect(DASHBOARD_FILES.size).toBeGreaterThan(10);
  for (const [name, text] of DASHBOARD_FILES) {
    const answer = await ask(addressOf(name));
    expect(answer.status, name).toBe(200);
    expect(answer.text).toBe(text);
    expect(answer.headers['content-type']).toContain(types[name.split('.').at(-1) as keyof typeof types]);
    const policy = String(answer.headers['content-security-policy']);
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  }
});

test('nothing of the page stands inline, and nothing comes from elsewhere', () => {
  for (const [name, text] of DASHBOARD_FILES) {
    const addresses = [...text.matchAll(/https?:\/\/[^\s"'`<]+/g)].map(([address]) => address);
    expect(
      addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
      name,
    ).toEqual([]);
    expect(text, name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  }
  const html = DASHBOARD_FILES.get('index.html') ?? '';
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  expect(html.match(/<script/g)).toHaveLength(1);
  const linked = [...html.matchAll(/(?:href|src)="\/dashboard\/([^"]+)"/g)].map(([, name]) => name);
  expect([...new Set(linked)].toSorted()).toEqual([...DASHBOARD_FILES.keys()].filter((name) => name !== 'index.html'));
});

test('everybody may have the page off loopback, too: it holds nothing', async () => {
  const ask = await serve({ ...offLoopback, token });
  for (const name of DASHBOARD_FILES.keys()) expect((await ask(addressOf(name))).status, name).toBe(200);
  expect((await ask('/api/v1/overview')).status).toBe(401);
});
