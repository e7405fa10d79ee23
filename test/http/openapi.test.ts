import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { OPERATIONS, openApiDocument } from '../../src/http/openapi.ts';
import {
  API_SHAPES,
  detailShape,
  healthShape,
  httpProblemShape,
  issuersShape,
  listShape,
  overviewShape,
  readinessShape,
} from '../../src/http/shapes.ts';
import { Board } from '../../src/telemetry/board.ts';
import { applicationShape } from '../../src/telemetry/shapes.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, troubleOf, viewOf } from '../telemetry/views.ts';
import { bearer, healthOf, serve, siteOf, started, token } from './serving.ts';

/** The board with everything that an answer can show. */
function fullBoard() {
  const board = boardOf(['billing', 'mail', 'shop', 'late']);
  const hold = { until: NOW + HOUR, by: 'ann', why: 'release' };
  const view = viewOf('billing', { superseded: [entryInGrace, { ...entryInGrace, revokeAt: null }], hold, strays: 2 });
  const notices = [troubleOf('failed', 'clocks-disagree')];
  board.record(outcomeOf('billing', { view, notices, trouble: troubleOf('refused', 'edited') }), NOW);
  board.record(outcomeOf('shop'), NOW, Number.POSITIVE_INFINITY);
  board.record(outcomeOf('late', { view: viewOf('late', { rotateAt: NOW - HOUR }), nextAt: NOW - HOUR }), NOW);
  return board;
}

const failing = healthOf('Vault', { isOpen: true, openSince: NOW, lastFailure: troubleOf('failed', 'vault-sealed') });
const trouble = siteOf({
  policyStanding: () => ({ loadedAt: NOW, rejected: { at: NOW, message: 'no' }, waitsForRestart: ['http.listen'] }),
  vault: () => ({ address: 'https://vault.example', circuit: failing, problem: troubleOf('failed', 'vault-sealed') }),
  issuers: () => [
    {
      name: 'sto1',
      instance: 'os-1',
      limits: { concurrency: 1, perSecond: 0.5 },
      circuit: failing,
      callsLastMinute: 0,
    },
  ],
});

const cases: [string, string, z.ZodType][] = [
  ['overview', '/api/v1/overview', overviewShape],
  ['issuers', '/api/v1/issuers', issuersShape],
  ['applications', '/api/v1/applications', listShape],
  ['a page of them', '/api/v1/applications?limit=1', listShape],
  ['an application', '/api/v1/applications/billing', detailShape],
  ['one never looked at', '/api/v1/applications/mail', detailShape],
  ['health', '/healthz', healthShape],
  ['readiness', '/readyz', readinessShape],
];

test.each(cases)('what is answered is as the document says: %s', async (_, path, shape) => {
  for (const site of [siteOf(), trouble]) {
    const answer = await (await serve({ board: fullBoard(), site }))(path);
    expect(answer.status).toBe(200);
    expect(shape.safeParse(answer.json()).error).toBeUndefined();
  }
});

test('a rotation and every problem are answered as the document says', async () => {
  const ask = await serve({ token, missing: () => ['a login'] });
  const rotated = await ask('/api/v1/applications/billing/rotate', bearer, 'POST');
  expect(applicationShape.safeParse(rotated.json()).error).toBeUndefined();
  expect(readinessShape.safeParse((await ask('/readyz')).json()).error).toBeUndefined();
  const wrong = [
    await ask('/api/v1/applications/nobody'),
    await ask('/nothing'),
    await ask('/api/v1/applications?limit=none'),
    await ask('/api/v1/applications?nonsense=1'),
    await ask('/api/v1/applications/billing/rotate', {}, 'POST'),
  ];
  expect(wrong.map(({ status }) => status)).toEqual([404, 404, 400, 400, 401]);
  for (const answer of wrong) expect(httpProblemShape.safeParse(answer.json()).error).toBeUndefined();
});

test('every route but the files of the page is described, and none besides', async () => {
  const routes: string[] = [];
  const onRoute = ({ method, url }: { method: string | string[]; url: string }) => {
    for (const one of [method].flat()) routes.push(`${one} ${url.replace(/:(\w+)/g, '{$1}')}`);
  };
  await started({ onRoute });
  const described = routes.filter((route) => !/^HEAD |^GET \/(dashboard\/.*)?$/.test(route));
  expect(described.toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
});

test('the document is whole: each reference leads somewhere, and each shape is used', async () => {
  const { text } = await (await serve())('/api/v1/openapi.json');
  const document = JSON.parse(text);
  expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument('1.2.3'))));
  expect(document.openapi).toBe('3.1.0');
  const named = Object.keys(document.components.schemas);
  const used = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? '');
  expect(used.filter((name) => !named.includes(name))).toEqual([]);
  expect(named.filter((name) => !used.includes(name) && name !== 'Summary')).toEqual([]);
  expect(API_SHAPES.get(overviewShape)).toEqual({ id: 'Overview' });
});

test('the list can be searched, filtered and asked for page by page', async () => {
  const ask = await serve({ board: fullBoard() });
  const found = async (query: string) => {
    const { applications, total } = (await ask(`/api/v1/applications?${query}`)).json();
    return [total, ...applications.map((one: { application: string }) => one.application)];
  };
  expect(await found('state=refused,unknown')).toEqual([2, 'billing', 'mail']);
  expect(await found('q=EDITED')).toEqual([1, 'billing']);
  expect(await found('issuer=other')).toEqual([0]);
  expect(await found('q=edited%20BILL')).toEqual([1, 'billing']);
  expect(await found('limit=2')).toEqual([4, 'billing', 'mail']);
  expect(await found('limit=2&after=mail')).toEqual([4, 'shop', 'late']);
  expect(await found('after=mail&state=refused')).toEqual([1]);
  expect((await ask('/api/v1/applications?limit=2')).json().next_after).toBe('mail');
  expect((await ask('/api/v1/applications?limit=2&after=mail')).json()).not.toHaveProperty('next_after');
});

test('no page holds more than 10,000 applications, and the next one is named', async () => {
  const names = Array.from({ length: 10_001 }, (_, index) => `a${index}`);
  const ask = await serve({ board: new Board(new Map(names.map((name) => [name, { issuer: 'sto1', path: name }]))) });
  const first = (await ask('/api/v1/applications')).json();
  expect([first.total, first.applications.length, first.next_after]).toEqual([10_001, 10_000, 'a9999']);
  const second = (await ask('/api/v1/applications?after=a9999')).json();
  expect([second.total, second.applications.length, second.next_after]).toEqual([10_001, 1, undefined]);
});

test('the runbook has a row for every code of the HTTP API, and none besides', () => {
  const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const files = ['access', 'applications', 'events', 'guard', 'methods', 'unread']
    .map((name) => read(`src/http/${name}.ts`))
    .join('\n');
  const codes = [...files.matchAll(/\bcode: '([a-z0-9-]+)'/g)].map(([, code]) => code);
  const [, section = ''] = read('docs/RUNBOOK.md').split('\n## Answers of the HTTP API\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(rows.toSorted()).toEqual(codes.toSorted());
});
