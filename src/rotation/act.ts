import { unmetForWrite } from './conditions.ts';
import type { Decision } from './decide.ts';
import { type Problem, problemOf } from './errors.ts';
import { gatherForRenewal, gatherForWrite } from './gather.ts';
import { isPressing } from './lifetime.ts';
import type { Did } from './outcome.ts';
import { mirror } from './readback.ts';
import { enterStrays, revoke } from './retire.ts';
import { adopt, renew, republish, reschedule } from './rewrite.ts';
import { type Rotation, rotate } from './rotate.ts';
import type { Situation } from './situation.ts';
import type { World } from './world.ts';
import type { Written } from './write.ts';

/** What carrying out a decision led to. */
export interface Effect {
  readonly did: Did;
  readonly written?: Written;
  readonly blocked?: Problem;
  readonly notices?: readonly Problem[];
}

/** A decision that does something. */
export type Deed = Exclude<Decision, { do: 'wait' | 'refuse' }>;

/** Carries out one decision. Throws `PortError`. */
export async function act(s: Situation, deed: Deed, world: World): Promise<Effect> {
  if (deed.do === 'revoke') {
    const revoked = await revoke(s, deed.entries, world);
    return { did: revoked > 0 ? 'revoked' : 'nothing' };
  }
  const effect = deed.do === 'rotate' ? await rotation(s, deed, world) : await rewriting(s, deed, world);
  if (effect.written) await mirrorOf(s, effect.written, world);
  return effect;
}

/** What writes the same credential anew needs a store that keeps it. */
async function rewriting(
  s: Situation,
  deed: Exclude<Deed, { do: 'rotate' | 'revoke' }>,
  world: World,
): Promise<Effect> {
  const gather = deed.do === 'renew' ? gatherForRenewal : gatherForWrite;
  const [blocked] = unmetForWrite(await gather(s, world));
  if (blocked) return { did: 'nothing', blocked };
  switch (deed.do) {
    case 'enter-strays':
      return { did: 'entered-strays', written: await enterStrays(s, deed.entering, world) };
    case 'renew':
      return { did: 'renewed', written: await renew(s, world) };
    case 'adopt':
      return { did: 'adopted', written: await adopt(s, world) };
    case 'republish':
      return { did: 'republished', written: await republish(s, world) };
    case 'reschedule':
      return { did: 'rescheduled', written: await reschedule(s, world) };
  }
}

async function rotation(s: Situation, decision: Rotation, world: World): Promise<Effect> {
  const began = world.clock.now();
  const rotated = await rotate(s, decision, world).catch(async (error: unknown) => {
    await keep(s, world);
    throw error;
  });
  if ('blocked' in rotated) {
    await keep(s, world);
    return { did: 'nothing', blocked: rotated.blocked };
  }
  const { record, version } = rotated.written;
  world.report({
    event: 'rotation.done',
    application: s.application.name,
    issuer: s.application.issuer,
    instance: s.observation.instance,
    generation: record.generation,
    ...(record.credential && { credentialId: record.credential.id, accessKeyId: record.credential.access_key_id }),
    why: decision.why,
    version,
    rotateAt: Date.parse(record.rotate_at),
    durationMs: world.clock.now() - began,
  });
  return { did: 'rotated', written: rotated.written, notices: rotated.differs ? [rotated.differs] : [] };
}

/**
 * A secret that the store is about to delete outlives an attempt that came to nothing. Compared with the version from
 * before the attempt, like all that was built on it; what goes wrong here has been told of the attempt already.
 */
async function keep(s: Situation, world: World): Promise<void> {
  if (!isPressing(s)) return;
  await rewriting(s, { do: 'renew' }, world).catch(() => undefined);
}

/** For people only: its failure is told and changes nothing. */
export async function mirrorOf(s: Situation, written: Written, world: World): Promise<void> {
  const { name: application, path, issuer } = s.application;
  const about = { application, issuer, instance: s.observation.instance, generation: written.record.generation };
  await mirror(path, written, world).catch((error: unknown) =>
    world.report({ event: 'mirror.failed', ...about, version: written.version, ...problemOf(error) }),
  );
}
