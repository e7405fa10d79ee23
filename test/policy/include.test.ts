import { expect, test } from 'vitest';
import { draftOf, HEAD, mistakesOf } from './written.ts';

const file = (name: string, path = name): string => `applications:\n  ${name}: { issuer: sto1, path: apps/${path} }\n`;

test('applications come from the policy file and from all that it includes', async () => {
  const text = `${HEAD}${file('first')}include: [ "apps/**/*.yaml", more.yaml ]\n`;
  const others = { 'apps/b.yaml': file('b'), 'apps/deep/a.yaml': file('a'), 'more.yaml': file('more') };
  const { applications } = (await draftOf(text, others)).complete();
  expect([...applications.keys()]).toEqual(['first', 'b', 'a', 'more']);
});

test('included applications inherit the defaults of the policy file', async () => {
  const text = `${HEAD}defaults: { grace: 7h }\ninclude: [ a.yaml ]\n`;
  const { applications } = (await draftOf(text, { 'a.yaml': file('a') })).complete();
  expect(applications.get('a')?.graceMs).toBe(7 * 3_600_000);
});

test('a file that two patterns name is read once, and the policy file never includes itself', async () => {
  const text = `${HEAD}include: [ "*.yaml", a.yaml ]\n`;
  expect([...(await draftOf(text, { 'a.yaml': file('a') })).complete().applications.keys()]).toEqual(['a']);
});

test('an application that two files name is told with both places', async () => {
  const others = { 'apps/a.yaml': file('a'), 'apps/b.yaml': file('a', 'b') };
  expect(await mistakesOf(`${HEAD}include: [ apps/*.yaml ]\n`, others)).toEqual([
    'apps/b.yaml:2:3: applications.a: is already at apps/a.yaml:2:3; keep one of them',
  ]);
});

test('a path that two files name is told with both places', async () => {
  const others = { 'a.yaml': file('a', 'same'), 'b.yaml': file('b', 'same') };
  expect(await mistakesOf(`${HEAD}include: [ a.yaml, b.yaml ]\n`, others)).toEqual([
    'b.yaml:2:28: applications.b.path: "apps/same" is already the path of a (a.yaml:2:28); each application needs its own',
  ]);
});

test('an included file contains applications and nothing else', async () => {
  const others = { 'a.yaml': `${file('a')}defaults: {}\n`, 'b.yaml': '', 'c.yaml': 'x: [\n' };
  expect(await mistakesOf(`${HEAD}include: [ a.yaml, b.yaml, c.yaml ]\n`, others)).toEqual([
    'a.yaml:3:1: unknown key "defaults"; known here: applications',
    'b.yaml:1:1: is empty; it must be a mapping',
    'c.yaml:2:1: this is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ]);
});

test('a name that leads nowhere is a mistake, a pattern that does is a warning', async () => {
  expect(await mistakesOf(`${HEAD}include: [ apps/none.yaml ]\n`)).toEqual([
    'rekeyd.yaml:13:12: include[0]: apps/none.yaml does not exist; names are relative to the policy file',
  ]);
  expect((await draftOf(`${HEAD}include: [ apps/*.yaml ]\n`)).warnings.slice(1)).toEqual([
    {
      code: 'include-empty',
      message: 'include: no file beside the policy file matches "apps/*.yaml"; is it mistyped?',
    },
  ]);
});

test('a folder that a pattern matches is a mistake', async () => {
  expect(await mistakesOf(`${HEAD}include: [ "ap*" ]\n`, { 'apps/a.yaml': file('a') })).toEqual([
    'rekeyd.yaml:13:12: include[0]: apps cannot be read as a file; names are relative to the policy file',
  ]);
});
