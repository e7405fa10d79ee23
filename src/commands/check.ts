import type { Parts } from '../parts.ts';
import { readPolicy } from '../policy/load.ts';
import type { Policy, PolicyWarning } from '../policy/policy.ts';
import { type Problem, problemOf } from '../rotation/errors.ts';
import type { Examination } from '../rotation/rotator.ts';
import { type Census, censusOf } from '../telemetry/census.ts';
import { type Concern, namesText, shared } from './concerns.ts';
import { counted } from './count.ts';
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
  /** Of one application: many may have the same problem, and then it is told once. */
  readonly of?: Pick<Concern, 'application' | 'path'>;
}

/**
 * Tries everything that a run needs and touches nothing: each thing on a line of its own, with the remedy where it
 * fails, and last the problems of applications, each problem once. Exit code 1 where anything is wrong; a mistake in the policy is 2.
 */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<number> {
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    findings.push(finding);
    if (!options.json && !isShareable(finding)) terminal.write(lineOf(finding, terminal));
  };
  if (options.offline) await checkOffline(options.config, terminal, found);
  else
    await withReplica(
      options.config,
      terminal,
      () => {},
      (parts) => checkAll(parts, found),
    );
  terminal.write(options.json ? asJson(findings) : sharedText(findings, terminal));
  return findings.some(({ is }) => is === 'wrong') ? EXIT.failed : EXIT.done;
}

function asJson(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, is, problem, durationMs }) => ({ what, is, problem, duration_ms: durationMs }));
  return `${JSON.stringify(lines, null, 2)}\n`;
}

/** Whether other applications may have the same to tell. */
function isShareable({ of, problem }: Finding): boolean {
  return of !== undefined && problem !== undefined;
}

function sharedText(findings: readonly Finding[], terminal: Terminal): string {
  return (['wrong', 'warning'] as const)
    .flatMap((is) => {
      const concerns = findings.flatMap(({ is: really, of, problem }) =>
        of && problem && really === is ? [{ ...of, problem, colour: SIGNS[is][0] }] : [],
      );
      return shared(concerns).map(({ applications, problem }) => {
        const what = `${applications.length === 1 ? 'application' : 'applications'} ${namesText(applications)}`;
        return lineOf({ what, is, problem }, terminal);
      });
    })
    .join('');
}

type Found = (finding: Finding) => void;

async function checkOffline(config: string, terminal: Terminal, found: Found): Promise<void> {
  const draft = await readPolicy(config, terminal.env);
  found({ what: policyText(draft), is: 'ok' });
  for (const warning of draft.warnings) found(findingOf(warning));
}

function policyText({ file, applications }: Pick<Policy, 'file' | 'applications'>): string {
  return `policy ${file}: ${counted(applications.size, 'application')}`;
}

async function checkAll(parts: Parts, found: Found): Promise<void> {
  const { policy } = parts;
  found({ what: policyText(policy), is: 'ok' });
  for (const warning of policy.warnings) found(findingOf(warning));
  await attempt(`log in to Vault at ${policy.vault.address} (${policy.vault.auth.method})`, found, () =>
    parts.vault.login(),
  );
  for (const [name, { issuer, target, quota }] of parts.sites) {
    await attempt(`list ${issuer.instance} at issuer ${name}`, found, async () => {
      const list = await parts.lists.after(issuer.instance, parts.lists.mark());
      const inUse = Number.isFinite(quota)
        ? `${list.size} of ${counted(quota, 'credential')} in use`
        : `${counted(list.size, 'credential')} in use`;
      return inUse + whoseText(censusOf(list.all(), parts.policy));
    });
    await attempt(`reach S3 at ${target.endpoint}`, found, () => parts.verifier.reach(target));
  }
  await checkApplications(parts, found);
}

/** What is not ours is only counted and shown: rekeyd never touches it. */
function whoseText({ unclaimed, foreign }: Census): string {
  const parts = [
    ...(unclaimed > 0
      ? [
          `${unclaimed} unclaimed (issued by rekeyd for applications that the policy does not have: revoke them in the control panel if nobody uses them)`,
        ]
      : []),
    ...(foreign > 0 ? [`${foreign} foreign`] : []),
  ];
  return parts.length > 0 ? `, of them ${parts.join(' and ')}` : '';
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
    for (const finding of findingsOf(examination, policy, options.clock.now())) found({ durationMs, ...finding });
  }
}

function findingsOf(examination: Examination, policy: Policy, now: number): readonly Finding[] {
  const { outcome, unmet } = examination;
  const { application } = outcome;
  const what = `application ${application}`;
  const of = { application, path: policy.applications.get(application)?.path ?? application };
  const wrong = [...wrongsOf(outcome), ...unmet];
  return [
    ...(wrong.length === 0 ? [{ what: `${what}: ${wellText(examination, now)}`, is: 'ok' as const }] : []),
    ...wrong.map((problem) => ({ what, is: 'wrong' as const, problem, of })),
    ...remarksOf(outcome).map((problem) => ({ what, is: 'warning' as const, problem, of })),
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
