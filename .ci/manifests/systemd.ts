import { deepStrictEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Checks } from '../checks.ts';
import { mustBeSilent, outputOf, type Said, said } from '../programs.ts';
import { fileOf, textOf } from '../repository.ts';
import { mustPassCheck, secretFiles, stopSeconds } from './policy.ts';
import { type Setting, settingsOf, valuesOf } from './unit.ts';

const SERVICES = ['rekeyd.service', 'rekeyd-once.service'];
const UNITS = [...SERVICES, 'rekeyd-once.timer'];
const PROGRAM = '/usr/local/bin/rekeyd';

/** In tenths, as systemd-analyze counts the exposure of a service: 0 none, 100 that of one without any setting. */
const MOST_EXPOSURE = '15';

/** What makes the two services different; everything else that locks them down must be the same. */
const OWN_SETTINGS = [
  'Type',
  'ExecStart',
  'ExecReload',
  'Restart',
  'RestartSec',
  'RestartPreventExitStatus',
  'TimeoutStartSec',
  'TimeoutStopSec',
];

const policyFile = fileOf('deploy', 'systemd', 'rekeyd.yaml');

/** Asks systemd's own tools about the units in deploy/systemd, and looks for what they promise. */
export async function checkSystemd(checks: Checks, scratch: string): Promise<void> {
  await checks.check('systemd-analyze is there or can be installed', ensureSystemdAnalyze);
  await checkUnits(checks, join(scratch, 'units'));
  for (const service of SERVICES) await checkService(checks, service);
  await checkTogether(checks);
}

/** Bare machines and containers of Debian come without systemd. */
function ensureSystemdAnalyze(): void {
  if (spawnSync('systemd-analyze', ['--version']).status === 0) return;
  outputOf('apt-get', ['update', '--quiet']);
  outputOf('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', 'systemd']);
}

function unit(name: string): string {
  return textOf('deploy', 'systemd', name);
}

/** `verify` also looks whether the program is there, so the units that it is shown name one that is. */
async function checkUnits(checks: Checks, folder: string): Promise<void> {
  mkdirSync(folder);
  const program = join(folder, 'rekeyd');
  copyFileSync('/bin/true', program);
  for (const name of UNITS) writeFileSync(join(folder, name), unit(name).replaceAll(PROGRAM, program));
  await checks.check('systemd has nothing against the units', () =>
    mustBeSilent('systemd-analyze', ['verify', '--man=no', ...UNITS.map((name) => join(folder, name))]),
  );
  await checks.check('and would have with a misspelt setting', () => {
    const wrong = unit('rekeyd.service').replaceAll(PROGRAM, program).replace('DynamicUser=', 'DynamicUsers=');
    const file = join(folder, 'rekeyd-wrong.service');
    writeFileSync(file, wrong);
    match(said('systemd-analyze', ['verify', '--man=no', file]).err, /DynamicUsers/);
  });
  await checks.check('a service without these settings is found to be exposed', () => {
    const file = join(folder, 'rekeyd-open.service');
    writeFileSync(file, `[Service]\nExecStart=${program}\n`);
    notEqual(exposure(file).code, 0);
  });
}

function exposure(file: string): Said {
  return said('systemd-analyze', ['security', '--offline=true', '--no-pager', `--threshold=${MOST_EXPOSURE}`, file]);
}

async function checkService(checks: Checks, service: string): Promise<void> {
  const settings = settingsOf(unit(service));
  const values = (name: string) => valuesOf(settings, name);
  await checks.check(`${service}: systemd rates its exposure 1.5 or less, of 10`, () => {
    const { code, out } = exposure(fileOf('deploy', 'systemd', service));
    equal(code, 0, out);
  });
  await checks.check(`${service}: it runs as nobody in particular and writes nowhere`, () => {
    for (const name of ['DynamicUser', 'NoNewPrivileges', 'PrivateUsers']) deepStrictEqual(values(name), ['yes']);
    deepStrictEqual(values('CapabilityBoundingSet'), ['']);
    deepStrictEqual(values('ProtectSystem'), ['strict']);
    deepStrictEqual(values('ReadWritePaths'), []);
  });
  await checks.check(`${service}: V8 may compile JavaScript to machine code`, () => {
    deepStrictEqual(values('MemoryDenyWriteExecute'), []);
  });
  await checks.check(
    `${service}: its policy and every secret in it are credentials, and stand beside each other`,
    () => {
      const files = ['rekeyd.yaml', ...secretFiles(parse(unit('rekeyd.yaml')))];
      const wanted = files.map((file) => `${file}:/etc/rekeyd/${file}`);
      deepStrictEqual(values('LoadCredential').toSorted(), wanted.toSorted());
      deepStrictEqual(values('Environment'), ['REKEYD_CONFIG=%d/rekeyd.yaml']);
    },
  );
  await checks.check(`${service}: it is given the time that an attempt may last`, async () => {
    const given = Number(/^(\d+)s$/.exec(values('TimeoutStopSec')[0] ?? '')?.[1]);
    const wanted = await stopSeconds(policyFile);
    ok(given >= wanted, `it is given ${given} s, and may need ${wanted} s`);
  });
}

async function checkTogether(checks: Checks): Promise<void> {
  await checks.check('both services are locked down alike', () => {
    const [daemon, once] = SERVICES.map((service) => lockOf(settingsOf(unit(service))));
    deepStrictEqual(once, daemon);
  });
  await checks.check('the daemon is started again when it fails, but not with a wrong configuration', () => {
    const settings = settingsOf(unit('rekeyd.service'));
    deepStrictEqual(valuesOf(settings, 'Restart'), ['on-failure']);
    deepStrictEqual(valuesOf(settings, 'RestartPreventExitStatus'), ['2']);
    deepStrictEqual(valuesOf(settings, 'StartLimitIntervalSec'), ['0']);
  });
  await checks.check(
    'the timer starts the other service, at times that systemd understands, and makes up for lost ones',
    () => {
      const settings = settingsOf(unit('rekeyd-once.timer'));
      const [when = ''] = valuesOf(settings, 'OnCalendar');
      match(outputOf('systemd-analyze', ['calendar', when]), /Next elapse/);
      deepStrictEqual(valuesOf(settings, 'Persistent'), ['true']);
      deepStrictEqual(valuesOf(settings, 'Unit'), []);
      deepStrictEqual(valuesOf(settingsOf(unit('rekeyd-once.service')), 'ExecStart'), [`${PROGRAM} run --once`]);
    },
  );
  await checks.check('rekeyd check has nothing against the policy beside the units', () => mustPassCheck(policyFile));
}

function lockOf(settings: readonly Setting[]): readonly Setting[] {
  return settings.filter(({ section, name }) => section === 'Service' && !OWN_SETTINGS.includes(name));
}
