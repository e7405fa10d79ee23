import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IMPORT_RULES } from './import-rules.ts';
import { cruiseImports } from './support/cruise-imports.ts';

const nodeModules = join(import.meta.dirname, '..', 'node_modules');

describe('the import rules', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rekeyd-imports-'));
    await symlink(nodeModules, join(root, 'node_modules'));
    const manifest = { dependencies: { undici: '*' }, devDependencies: { vitest: '*' } };
    await writeFile(join(root, 'package.json'), JSON.stringify(manifest));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function rulesBrokenBy(files: Record<string, string>): Promise<ReadonlySet<string>> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    const { modules, violations } = await cruiseImports(root);
    expect(modules).toBeGreaterThan(0);
    return new Set(violations.map(({ rule }) => rule));
  }

  const b = 'export type B = string;';
  const cases: readonly (readonly [rule: string, files: Record<string, string>])[] = [
    [
      'rotation-imports-inwards',
      { 'src/rotation/a.ts': `import type { B } from '../vault/b.ts';`, 'src/vault/b.ts': b },
    ],
    ['policy-imports-inwards', { 'src/policy/a.ts': `import '../rotation/b.ts';`, 'src/rotation/b.ts': b }],
    ['vault-imports-inwards', { 'src/vault/a.ts': `import '../issuers/b.ts';`, 'src/issuers/b.ts': b }],
    ['telemetry-imports-inwards', { 'src/telemetry/a.ts': `import '../http/b.ts';`, 'src/http/b.ts': b }],
    ['scheduler-imports-inwards', { 'src/scheduler/a.ts': `import '../transport/b.ts';`, 'src/transport/b.ts': b }],
    ['sandbox-imports-inwards', { 'src/sandbox/a.ts': `import '../transport.ts';`, 'src/transport.ts': b }],
    ['issuers-imports-inwards', { 'src/issuers/a.ts': `import '../sandbox/b.ts';`, 'src/sandbox/b.ts': b }],
    ['daemon-imports-inwards', { 'src/daemon.ts': `import './commands/b.ts';`, 'src/commands/b.ts': b }],
    ['known-part', { 'src/main.ts': `import './utils/b.ts';`, 'src/utils/b.ts': b }],
    ['heart-without-libraries', { 'src/rotation/a.ts': `import 'undici';` }],
    ['heart-without-libraries', { 'src/rotation/a.ts': `import 'node:fs';` }],
    ['no-tests-in-src', { 'src/policy/a.ts': `import '../../test/b.ts';`, 'test/b.ts': b }],
    ['declared-packages-only', { 'src/policy/a.ts': `import 'vitest';` }],
    [
      'no-cycles',
      { 'src/policy/a.ts': `import type { B } from './b.ts';`, 'src/policy/b.ts': `import type { A } from './a.ts';` },
    ],
    ['no-unresolved', { 'src/policy/a.ts': `import './nowhere.ts';` }],
    ['no-orphans', { 'src/policy/a.ts': b }],
    ['page-on-its-own', { 'src/http/dashboard/main.js': `import '../../version.ts';`, 'src/version.ts': b }],
    [
      'page-is-only-sent',
      { 'src/http/a.ts': `import './dashboard/main.js';`, 'src/http/dashboard/main.js': 'export {};' },
    ],
    [
      'reached-from-page',
      {
        'src/http/dashboard/main.js': `import './a.js';`,
        'src/http/dashboard/a.js': 'export const a = 1;',
        'src/http/dashboard/b.js': `import './a.js';`,
      },
    ],
    ['reached-from-main', { 'src/main.ts': b, 'src/policy/a.ts': `import './b.ts';`, 'src/policy/b.ts': b }],
  ];

  test.each(cases)('%s is caught: %j', async (rule, files) => {
    expect(IMPORT_RULES.map(({ name }) => name)).toContain(rule);
    expect(await rulesBrokenBy(files)).toContain(rule);
  });

  test('what points inwards breaks none', async () => {
    const broken = await rulesBrokenBy({
      'src/main.ts': `import './commands/run.ts';`,
      'src/commands/run.ts': `import '../daemon.ts';`,
      'src/daemon.ts': `import './vault/store.ts';`,
      'src/vault/store.ts': `import 'undici'; import '../transport/http.ts'; import '../version.ts';`,
      'src/transport/http.ts': `import '../rotation/ports.ts';`,
      'src/rotation/ports.ts': `import 'node:crypto'; import type { B } from '../policy/secret.ts';`,
      'src/policy/secret.ts': b,
      'src/version.ts': b,
    });
    expect([...broken]).toEqual([]);
  });
});
