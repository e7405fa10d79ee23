import type { Parts } from '../parts.ts';
import { readPolicy } from '../policy/load.ts';
import type { PolicyWarning } from '../policy/policy.ts';
import { type Problem, problemOf } from '../rotation/errors.ts';
import type { Examination } from '../rotation/rotator.ts';
import { inOrder } from './in-order.ts';
import { withReplica } from './replica.ts';
import { type Paint, paint } from './table.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { remarksOf, wrongsOf } from './wrongs.ts';

export interface CheckOptions {
  readonly config: string;
  readonly offline: boolean;
  readonly json: boolean;
}

/** One thing that was tried. */
interface Finding {
  readonly what: string;
  readonly is: 'ok' | 'warning' | 'wrong';
  readonly problem?: Problem;
  readonly durationMs?: number;
}

/**
 * Tries everything that a run needs and touches nothing: each thing on a line of its own, with the remedy where it
 * fails. Exit code 1 where anything is wrong; a mistake in the policy is 2.
 */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<number> {
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    findings.push(finding);
    if (!options.json) terminal.write(lineOf(finding, terminal));
  };
  if (options.offline) await checkOffline(options.config, terminal, found);
  else
    await withReplica(
      options.config,
      terminal,
      () => {},
      (parts) => checkAll(parts, found),
    );
  if (options.json) terminal.write(`${JSON.stringify(findings, null, 2)}\n`);
  return findings.some(({ is }) => is === 'wrong') ? EXIT.failed : EXIT.done;
}

type Found = (finding: Finding) => void;

async function checkOffline(config: string, terminal: Terminal, found: Found): Promise<void> {
  const draft = await readPolicy(config, terminal.env);
  found({ what: `policy ${draft.file}`, is: 'ok' });
  for (const warning of draft.warnings) found(findingOf(warning));
}

async function checkAll(parts: Parts, found: Found): Promise<void> {
  const { policy } = parts;
  found({ what: `policy ${policy.file}: ${policy.applications.size} applications`, is: 'ok' });
  for (const warning of policy.warnings) found(findingOf(warning));
  await attempt(`log in to Vault at ${policy.vault.address} (${policy.vault.auth.method})`, found, () =>
    parts.vault.login(),
  );
  for (const [name, { issuer, target, quota }] of parts.sites) {
    await attempt(`list ${issuer.instance} at issuer ${name}`, found, async () => {
      const list = await parts.lists.after(issuer.instance, parts.lists.mark());
      const limit = Number.isFinite(quota) ? ` of ${quota}` : '';
      return `${list.size}${limit} credentials in use`;
    });
    await attempt(`reach S3 at ${target.endpoint}`, found, () => parts.verifier.reach(target));
  }
  await checkApplications(parts, found);
}

/** The survey lets one list serve them all; without it each examination would ask for a list of its own. */
async function checkApplications({ policy, rotator, options }: Parts, found: Found): Promise<void> {
  const names = [...policy.applications.keys()];
  await rotator.survey(names, async () => {});
  const timed = async (name: string) => {
    const began = options.clock.now();
    const examination = await rotator.examine(name);
    return { examination, durationMs: options.clock.now() - began };
  };
  for await (const { examination, durationMs } of inOrder(names, timed)) {
    for (const finding of findingsOf(examination, options.clock.now())) found({ durationMs, ...finding });
  }
}

function findingsOf(examination: Examination, now: number): readonly Finding[] {
  const { outcome, unmet } = examination;
  const what = `application ${outcome.application}`;
  const wrong = [...wrongsOf(outcome), ...unmet];
  return [
    ...(wrong.length === 0 ? [{ what: `${what}: ${wellText(examination, now)}`, is: 'ok' as const }] : []),
    ...wrong.map((problem) => ({ what, is: 'wrong' as const, problem })),
    ...remarksOf(outcome).map((problem) => ({ what, is: 'warning' as const, problem })),
  ];
}

function wellText({ outcome }: Examination, now: number): string {
  const generation = outcome.view?.generation;
  const what = generation === undefined ? 'no credential yet' : `generation ${generation}`;
  return outcome.nextAt <= now ? `${what}; would ${outcome.next}` : what;
}

/** `work` may return a word about what it found. */
async function attempt(what: string, found: Found, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  const durationMs = () => Math.round(performance.now() - began);
  try {
    const word = await work();
    found({ what: typeof word === 'string' ? `${what}: ${word}` : what, is: 'ok', durationMs: durationMs() });
  } catch (error) {
    found({ what, is: 'wrong', problem: problemOf(error), durationMs: durationMs() });
  }
}

function findingOf({ code, application, message }: PolicyWarning): Finding {
  const what = application ? `application ${application}` : 'policy';
  return { what, is: 'warning', problem: { code, reason: message, remedy: '' } };
}

const SIGNS: Readonly<Record<Finding['is'], readonly [Paint, string]>> = {
  ok: ['green', 'ok     '],
  warning: ['yellow', 'warning'],
  wrong: ['red', 'wrong  '],
};

function lineOf({ what, is, problem, durationMs }: Finding, terminal: Terminal): string {
  const [colour, sign] = SIGNS[is];
  const time = durationMs === undefined ? '' : paint('dim', ` (${durationMs} ms)`, terminal);
  const line = `${paint(colour, sign, terminal)}  ${what}${problem ? `: ${problem.code}` : ''}${time}\n`;
  if (!problem) return line;
  const words = [problem.reason, problem.remedy].filter((text) => text !== '');
  return line + words.map((text) => `         ${text}\n`).join('');
}
