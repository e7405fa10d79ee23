import { formatDuration } from '../policy/duration.ts';
import type { EventName, RotationEvent } from '../rotation/events.ts';
import { iso } from '../rotation/record.ts';
import { sentence } from '../rotation/sentence.ts';

type Say = (event: RotationEvent) => string;

/** `generation 7 (AKIA…)`, as far as known. */
function what({ generation, accessKeyId }: RotationEvent, otherwise: string): string {
  const key = accessKeyId === undefined ? '' : ` (${accessKeyId})`;
  return generation === undefined ? `${otherwise}${key}` : `generation ${generation}${key}`;
}

function within({ durationMs }: RotationEvent): string {
  return durationMs === undefined ? '' : ` in ${formatDuration(durationMs)}`;
}

function because({ why }: RotationEvent): string {
  return why === undefined ? '' : `: ${why}`;
}

/** The reason and the way out of a problem. */
function problem(event: RotationEvent): string {
  return sentence(event) || (event.code ?? 'no reason known');
}

function attempted({ why }: RotationEvent): string {
  return why === 'observe' || why === undefined ? 'could not be looked at' : `could not ${why}`;
}

function until({ revokeAt }: RotationEvent): string {
  if (revokeAt === undefined) return '';
  return revokeAt === null ? '; only a person revokes it' : `; it lives until ${iso(revokeAt)}`;
}

function next({ rotateAt }: RotationEvent): string {
  return rotateAt === undefined ? '' : `; next rotation ${iso(rotateAt)}`;
}

const SAY: Readonly<Record<EventName, Say>> = {
  'hold.set': (event) => `on hold${because(event)}`,
  'hold.released': () => 'no longer on hold',
  'grace.shortened': (event) => `shortened the grace of ${what(event, 'a credential')}${until(event)}`,
  'application.retired': () =>
    'taken out of service; its fields left the secret, and what was issued for it gets its grace',
  'rotation.started': (event) => `rotating${because(event)}`,
  'rotation.done': (event) => `rotated to ${what(event, 'a new credential')}${within(event)}${next(event)}`,
  'rotation.failed': (event) => `rotation failed: ${problem(event)}`,
  'rotation.blocked': (event) => `nothing was issued: ${problem(event)}`,
  'credential.issued': (event) => `issued ${what(event, 'a credential')}${within(event)}`,
  'credential.verified': (event) => `verified ${what(event, 'the credential')}${within(event)}`,
  'credential.published': (event) => `published ${what(event, 'the credential')}${within(event)}${next(event)}`,
  'credential.read_back': (event) => `read ${what(event, 'the credential')} back and verified it${within(event)}`,
  'credential.revoked': (event) => `revoked ${what(event, 'a credential')}${within(event)}${because(event)}`,
  'credential.adopted': (event) => `adopted ${what(event, 'a credential')}${next(event)}`,
  'credential.superseded': (event) => `superseded ${what(event, 'a credential')}${until(event)}`,
  'candidate.revoked': (event) => `revoked the unpublished ${what(event, 'candidate')}`,
  'candidate.left': (event) => `left ${what(event, 'the candidate')} to a later pass: ${problem(event)}`,
  'publish.unconfirmed': (event) =>
    `it is unknown whether ${what(event, 'the credential')} was published: ${problem(event)}`,
  'read_back.differs': (event) => `what Vault returns differs from what was published: ${problem(event)}`,
  'credential.gone': (event) =>
    `${what(event, 'the current credential')} is gone at the issuer and unknown to S3: another is issued at once`,
  'strays.entered': (event) => `entered the stray ${what(event, 'credential')} into the record${until(event)}`,
  'revocation.failed': (event) => `${what(event, 'a credential')} could not be revoked: ${problem(event)}`,
  'secret.renewed': () => 'wrote the secret once more, before Vault deletes it by itself',
  'secret.republished': (event) => `published the same credential again${because(event)}`,
  'schedule.changed': (event) => `took the changed schedule in${next(event)}`,
  'application.refused': (event) => `not touched: ${problem(event)}`,
  'application.out_of_service': (event) => `not rotated: ${problem(event)}`,
  'application.notice': (event) => problem(event),
  'application.overdue': (event) => `late with its rotation: ${problem(event)}`,
  'application.recovered': () => 'well again',
  'pass.failed': (event) => `${attempted(event)}: ${problem(event)}`,
  'mirror.failed': (event) => `the description beside the secret was not updated: ${problem(event)}`,
};

/** An event in plain words: `billing: published generation 7 (AKIA…)`. */
export function messageOf(event: RotationEvent): string {
  return `${event.application}: ${SAY[event.event](event)}`;
}
