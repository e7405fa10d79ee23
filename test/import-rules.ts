import type { IForbiddenRuleType } from 'dependency-cruiser';

const ADAPTERS = ['scheduler', 'issuers', 'vault', 'verifiers', 'http', 'telemetry'];

/**
 * Which parts of `src` each part may import, itself aside: imports point inwards. Everybody may import `version`.
 * A part is a folder of `src` or a file directly in it.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  version: [],
  'node-version': [],
  policy: [],
  request: [],
  system: ['rotation', 'policy'],
  slices: [],
  rotation: ['slices', 'policy'],
  transport: ['request', 'rotation', 'policy'],
  issuers: ['transport', 'slices', 'rotation', 'policy'],
  vault: ['transport', 'rotation', 'policy'],
  verifiers: ['transport', 'rotation', 'policy'],
  scheduler: ['rotation', 'policy'],
  telemetry: ['slices', 'rotation', 'policy'],
  http: ['telemetry', 'slices', 'rotation', 'policy'],
  sandbox: ['request', 'system', 'rotation', 'policy'],
  parts: [...ADAPTERS, 'transport', 'rotation', 'policy'],
  webhooks: ['request', 'telemetry', 'rotation', 'policy'],
  daemon: ['parts', 'webhooks', ...ADAPTERS, 'rotation', 'policy'],
  commands: ['daemon', 'parts', ...ADAPTERS, 'sandbox', 'request', 'system', 'rotation', 'policy'],
  main: ['node-version', 'commands'],
};

const partPattern = (parts: readonly string[]): string => `^src/(${parts.join('|')})(/|\\.ts$)`;

function inwards(part: string, allowed: readonly string[]): IForbiddenRuleType {
  return {
    name: `${part}-imports-inwards`,
    comment: `src/${part} may import only ${['itself', 'version', ...allowed].join(', ')} of src.`,
    severity: 'error',
    from: { path: partPattern([part]) },
    to: { path: '^src/', pathNot: partPattern([part, 'version', ...allowed]) },
  };
}

/** Packages and node modules that the heart may import: what computes, nothing that talks to anything. */
const HEART_PACKAGES = ['^(node:)?crypto$', '(^|/)node_modules/(safe-stable-stringify|zod)/'];

/** What is not run here but in a browser. */
const PAGE = '^src/http/dashboard/';

export const IMPORT_RULES: IForbiddenRuleType[] = [
  ...Object.entries(MAY_IMPORT).map(([part, allowed]) => inwards(part, allowed)),
  {
    name: 'known-part',
    comment: 'A new part of src needs its place in MAY_IMPORT (test/import-rules.ts).',
    severity: 'error',
    from: {},
    to: { path: '^src/', pathNot: partPattern(Object.keys(MAY_IMPORT)) },
  },
  {
    name: 'heart-without-libraries',
    comment:
      'src/rotation imports no package but safe-stable-stringify, zod and p-queue, and nothing of node but crypto.',
    severity: 'error',
    from: { path: partPattern(['rotation']) },
    to: { pathNot: ['^src/', ...HEART_PACKAGES] },
  },
  {
    name: 'no-tests-in-src',
    comment: 'src never imports test.',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^test/' },
  },
  {
    name: 'declared-packages-only',
    comment: 'What src imports stands in the dependencies of package.json: a development dependency is not shipped.',
    severity: 'error',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-cycles',
    comment: 'No import cycles, type-only ones included.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolved',
    comment: 'Every import leads to a file.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-orphans',
    comment: 'A module that imports nothing and that nothing imports is forgotten.',
    severity: 'error',
    from: { orphan: true },
    to: {},
  },
  {
    name: 'reached-from-main',
    comment: 'What the program never loads does not belong in src.',
    severity: 'error',
    from: { path: '^src/main\\.ts$' },
    to: { path: '^src/', pathNot: PAGE, reachable: false },
  },
  {
    name: 'page-on-its-own',
    comment: 'The page runs in a browser: it imports only files of its own, as they are sent.',
    severity: 'error',
    from: { path: PAGE },
    to: { pathNot: PAGE },
  },
  {
    name: 'page-is-only-sent',
    comment: 'Nothing of the program imports what runs in a browser.',
    severity: 'error',
    from: { path: '^src/', pathNot: PAGE },
    to: { path: PAGE },
  },
  {
    name: 'reached-from-page',
    comment: 'A file that the page never loads is forgotten.',
    severity: 'error',
    from: { path: `${PAGE}main\\.js$` },
    to: { path: PAGE, reachable: false },
  },
];
