import { match, notEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expressions } from '../test/alerts/dashboard.ts';
import { Checks } from './checks.ts';
import { outputOf, type Said, said } from './programs.ts';
import { fileOf, textOf } from './repository.ts';
import { ensureGoTool } from './tools.ts';

/**
 * Prometheus' own tool about what Prometheus is given: the alert rules, their unit tests, the expressions of the
 * dashboard, and what a running daemon answers at /metrics. The report goes to the file named on the command line.
 */
const PROMTOOL = ['github.com/prometheus/prometheus/cmd/promtool', 'v0.316.0'] as const;
const RULES = 'config/alerts.yaml';
const TESTS = 'test/alerts/rules.test.yaml';

const checks = new Checks();
const scratch = mkdtempSync(join(tmpdir(), 'rekeyd-alerts-'));

/** Without the service discovery of every cloud there is, which would be most of what is compiled. */
function ensurePromtool(): string {
  const { GOFLAGS: flags = '' } = process.env;
  process.env['GOFLAGS'] = `${flags} -tags=remove_all_sd`.trim();
  try {
    return ensureGoTool(...PROMTOOL);
  } catch {
    // it takes minutes on a slow machine; what was compiled already is not compiled again
    return ensureGoTool(...PROMTOOL);
  }
}

async function checkRules(promtool: string): Promise<void> {
  await checks.check('promtool has nothing against the alert rules', () => {
    match(outputOf(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', RULES]), /SUCCESS: \d+ rules found/);
  });
  await checks.check('every alert fires on what it should, and on nothing else', () => {
    match(outputOf(promtool, ['test', 'rules', TESTS]), /SUCCESS/);
  });
  const broken: readonly [promise: string, from: string, to: string][] = [
    ['a rule that fires too late would be found', 'for: 15m', 'for: 5h'],
    ['a threshold that is too low would be found', '> 86400', '> 60'],
    ['a label that is missing would be found', 'kind="blocked"', 'kind="stuck"'],
  ];
  for (const [promise, from, to] of broken) {
    await checks.check(promise, () => notEqual(testWith((rules) => rules.replaceAll(from, to), promtool).code, 0));
  }
}

/** The unit tests on rules that were changed. */
function testWith(change: (rules: string) => string, promtool: string): Said {
  const [rules, tests] = [join(scratch, 'alerts.yaml'), join(scratch, 'rules.test.yaml')];
  writeFileSync(rules, change(textOf(RULES)));
  writeFileSync(tests, textOf(TESTS).replace('../../config/alerts.yaml', rules));
  return said(promtool, ['test', 'rules', tests]);
}

async function checkDashboard(promtool: string): Promise<void> {
  const parse = (expr: string) => said(promtool, ['--experimental', 'promql', 'format', expr]);
  await checks.check('Prometheus understands every expression of the dashboard', () => {
    const wrong = expressions().filter((expr) => parse(expr).code !== 0);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  });
  await checks.check('and would not one with a parenthesis too few', () => notEqual(parse('sum(rate(x[5m])').code, 0));
}

async function checkDocs(promtool: string): Promise<void> {
  await checks.check('Prometheus takes the scrape configuration of docs/OBSERVING.md', () => {
    const [, example = ''] = /```yaml\n(scrape_configs:[^`]*)```/.exec(textOf('docs/OBSERVING.md')) ?? [];
    const file = join(scratch, 'prometheus.yaml');
    writeFileSync(file, example.replace('alerts.yaml', fileOf(RULES)));
    match(outputOf(promtool, ['check', 'config', file]), /SUCCESS: .* is valid prometheus config/);
  });
}

async function checkMetrics(promtool: string): Promise<void> {
  const daemon = spawn(process.execPath, ['src/main.ts', 'run', '--config', 'config/sandbox.yaml'], {
    cwd: fileOf(),
    env: { ...process.env, REKEYD_HTTP_LISTEN: '127.0.0.1:0', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(daemon, 'exit');
  process.once('exit', () => daemon.kill('SIGKILL'));
  try {
    await checks.check('promtool has nothing against what a running daemon answers at /metrics', async () => {
      const scrape = await (await fetch(`${await afterRotations(daemon)}/metrics`)).text();
      match(scrape, /^rekeyd_rotations_total\{.*result="done"\} [1-9]/m);
      for (const server of ['Vault', 'issuer local', 'S3 127\\.0\\.0\\.1:\\d+']) {
        match(scrape, new RegExp(`^rekeyd_call_duration_seconds_count\\{server="${server}",result="ok"\\} [1-9]`, 'm'));
      }
      const { code, out, err } = said(promtool, ['check', 'metrics'], { input: scrape });
      if (code !== 0 || out + err !== '') throw new Error(out + err);
    });
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
  await checks.check('and would have against a gauge that is called a total', () => {
    const gauge = '# HELP x_total An x.\n# TYPE x_total gauge\nx_total 1\n';
    match(said(promtool, ['check', 'metrics'], { input: gauge }).err, /x_total/);
  });
}

/** Where the daemon answers, once it has published and revoked something. */
async function afterRotations(daemon: ChildProcess): Promise<string> {
  if (!daemon.stdout) throw new Error('the daemon has no standard output');
  let http = '';
  for await (const line of createInterface({ input: daemon.stdout, signal: AbortSignal.timeout(120_000) })) {
    const { event, http: address } = JSON.parse(line) as { readonly event?: string; readonly http?: string };
    http = address ?? http;
    if (event === 'credential.revoked' && http !== '') return http;
  }
  throw new Error('the daemon ended, or revoked nothing in time');
}

// Ended by a time-out, it takes what it started with it.
process.once('SIGTERM', () => process.exit(1));

try {
  let promtool = '';
  await checks.check('promtool can be built', () => {
    promtool = ensurePromtool();
  });
  if (promtool !== '') {
    await checkRules(promtool);
    await checkDashboard(promtool);
    await checkDocs(promtool);
    await checkMetrics(promtool);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
  checks.report();
}
