import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { parseMarker } from '../../src/rotation/marker.ts';
import type { MadeCredential } from '../../src/sandbox/glesys-account.ts';
import { type Found, findRecord, pathOf } from '../real/support/record.ts';
import { INSTANCE, OWNER } from '../real/support/setting.ts';
import { poll } from '../support/poll.ts';
import { anyApplication, between, PATIENCE_MS, pick, SECOND, type Soak, type Trouble } from './soak.ts';

/** What people and other programs do to secrets, to applications and to the policy. */

const found = ({ setting, readers }: Soak, application: string): Promise<Found> =>
  poll(`the record of ${application}`, PATIENCE_MS, () => findRecord(setting.vault, application, readers.path));

/** Nobody reads this endpoint here: consumers in the soak know where S3 is. */
async function edit(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await soak.person.edit(application, { endpoint: 'http://edited-by-hand' });
  await obey(soak, application);
}

async function remove(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await soak.readers.waitFor(application, async () => {
    await soak.person.kv('delete', [], soak.readers.path(application));
    await obey(soak, application);
  });
}

async function destroy(soak: Soak): Promise<void> {
  const application = pick(soak, soak.readers.applications);
  const path = soak.readers.path(application);
  await soak.readers.waitFor(application, async () => {
    const { version } = await soak.person.read(path);
    await soak.person.kv('destroy', [`-versions=${version}`], path);
    await obey(soak, application);
  });
}

/** Nobody can lift that: a person brings the version before it back. */
async function breakRecord(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await soak.person.edit(application, { rekeyd: '{' });
  const { version } = await soak.person.read(soak.readers.path(application));
  await sleep(between(soak, 5, 20) * SECOND);
  // nobody writes over a record that cannot be read
  expect((await soak.person.read(soak.readers.path(application))).version).toBe(version);
  await soak.person.rollBack(application, version - 1);
}

/** One application's secret over another's, record and all. */
async function copy(soak: Soak): Promise<void> {
  const { readers, person } = soak;
  const onto = pick(soak, readers.applications);
  const from = pick(
    soak,
    soak.applications.filter((name) => name !== onto),
  );
  await readers.waitFor(onto, async () => {
    const { fields } = await person.read(readers.path(from));
    await person.overwrite(readers.path(onto), fields);
    await obey(soak, onto);
  });
  await revokeBehind(soak, onto);
}

/** While no replica runs. Its reader goes on with what it has until there is a new credential at the new path. */
async function move(soak: Soak): Promise<void> {
  const { readers, person, team } = soak;
  const application = pick(soak, readers.applications);
  await rest(soak);
  const { fields } = await person.read(readers.path(application));
  const path = readers.path(application) === pathOf(application) ? `apps/${application}/moved` : pathOf(application);
  await readers.waitFor(application, async () => {
    await person.overwrite(path, fields);
    readers.move(application, path);
    team.adopt(soak.policy('41s'));
    await team.begin();
    await obey(soak, application);
  });
  await revokeElsewhere(soak, application);
}

/** No replica runs, and nothing that one has sent is on its way any more. */
async function rest({ team, weather }: Soak): Promise<void> {
  await team.end();
  await poll('everything to have arrived', PATIENCE_MS, async () =>
    Object.values(weather).every(({ underWay }) => underWay === 0) ? true : undefined,
  );
}

/** At the place that it had before, an application's credentials are for a person. */
async function revokeElsewhere(soak: Soak, application: string): Promise<void> {
  const { record } = await found(soak, application);
  await revokeAll(soak, application, ({ description, accessKeyId }) => {
    const marker = parseMarker(description);
    const isIts = marker?.owner === OWNER && marker.application === application;
    return isIts && marker.place !== record.place && !soak.account.isPlanted(accessKeyId);
  });
}

/** So are those that are more than one generation newer than the record that was there. */
async function revokeBehind(soak: Soak, application: string): Promise<void> {
  const { superseded } = (await found(soak, application)).record;
  const behind = superseded.filter(({ why }) => why === 'behind').map(({ id }) => id);
  await revokeAll(soak, application, ({ id }) => behind.includes(id));
}

/** A person revokes these once the reader has gone on to the current one. */
async function revokeAll(
  soak: Soak,
  application: string,
  isOne: (credential: MadeCredential) => boolean,
): Promise<void> {
  const { setting, readers, team } = soak;
  const { credential } = (await found(soak, application)).record;
  await readers.untilUsed(application, credential?.access_key_id ?? '', PATIENCE_MS);
  await poll(`what is left of ${application} to be revoked`, PATIENCE_MS, async () => {
    const one = setting.glesys.account.credentials(INSTANCE).find(isOne);
    if (one === undefined) return true;
    const { code, words } = await team.rekeyd('revoke', 'sto1', one.accessKeyId, '--yes');
    if (code !== 0) throw new Error(words);
    return undefined;
  });
}

/** Somebody needs the old key once more, and keeps it in a field of the secret for a while. */
async function paste(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  const { record } = await found(soak, application);
  const old = record.superseded.at(-1)?.access_key_id ?? 'none';
  await soak.person.edit(application, { pasted: old });
  await sleep(between(soak, 5, 15) * SECOND);
  await soak.person.edit(application, { pasted: '' });
}

async function writeBeside(soak: Soak): Promise<void> {
  await soak.person.edit(anyApplication(soak), { theirs: String(soak.random()) });
}

/** It holds: whatever falls due, and whatever was on its way. */
async function hold(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await typed(soak, 'hold', application, '--until', '1h');
  const { record } = await found(soak, application);
  await sleep(between(soak, 5, 30) * SECOND);
  expect((await found(soak, application)).record.generation).toBe(record.generation);
  await typed(soak, 'release', application);
}

/** One replica after the other gets another policy, so that two stand side by side for a while. */
async function changePolicy(soak: Soak): Promise<void> {
  const fields = soak.random() < 0.5 ? { KEY: 'id {access_key_id}' } : { KEY: null };
  soak.team.adopt(soak.policy(`${41 + Math.floor(soak.random() * 9)}s`, { fields: { ...FIELDS, ...fields } }));
  for (const member of soak.team.members) {
    member.signal('SIGTERM');
    await member.daemon.process.exited;
    await sleep(between(soak, 1, 5) * SECOND);
  }
}

const FIELDS = {
  access_key_id: '{access_key_id}',
  secret_access_key: '{secret_access_key}',
  endpoint: '{endpoint}',
  region: '{region}',
};

/** A command, typed again until it is done. */
async function typed({ team }: Soak, ...args: readonly string[]): Promise<void> {
  await poll(`rekeyd ${args.join(' ')} to be done`, PATIENCE_MS, async () => {
    const { code, words } = await team.rekeyd(...args);
    if (code !== 0) throw new Error(`it ended with ${code}:\n${words}`);
    return true;
  });
}

interface Shown {
  readonly trouble?: { readonly kind: string; readonly remedy: string };
}

/** Types the command that the remedy of a refusal names, until nothing is refused any more. */
async function obey({ team }: Soak, application: string): Promise<void> {
  await poll(`${application} to be out of its refusal`, PATIENCE_MS, async () => {
    const { code, words, stdout } = await team.rekeyd('status', application, '--json');
    if (code !== 0) throw new Error(words);
    const [{ trouble } = {}] = JSON.parse(stdout) as readonly Shown[];
    if (trouble === undefined) return true;
    const [command = ''] = /rekeyd rotate \S+( --despite [a-z-]+)+/.exec(trouble.remedy) ?? [];
    if (command === '') throw new Error(JSON.stringify(trouble));
    const lifted = await team.rekeyd(...command.split(' ').slice(1));
    if (lifted.code === 2) throw new Error(`rekeyd does not take it:\n${lifted.words}`);
    return undefined;
  });
}

export const PEOPLE: readonly Trouble[] = [
  { name: 'field edited by hand', weight: 2, make: edit },
  { name: 'secret deleted', weight: 1, make: remove },
  { name: 'secret destroyed', weight: 1, make: destroy },
  { name: 'record made unreadable', weight: 1, make: breakRecord },
  { name: "secret copied over another's", weight: 1, make: copy },
  { name: 'secret moved', weight: 1, make: move },
  { name: 'old key put back', weight: 2, make: paste },
  { name: 'field of somebody else written', weight: 2, make: writeBeside },
  { name: 'application held and released', weight: 2, make: hold },
  { name: 'policy changed', weight: 1, make: changePolicy },
];
