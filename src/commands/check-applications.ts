import type { Parts } from '../parts.ts';
import type { Policy } from '../policy/policy.ts';
import type { Examination } from '../rotation/rotator.ts';
import type { Finding, Found } from './check-finding.ts';
import { namesText } from './concerns.ts';
import { counted } from './count.ts';
import { inOrder } from './in-order.ts';
import { remarksOf, wrongsOf } from './wrongs.ts';

/** Of more applications only the sum is told of those that are well. */
const FEW = 20;
/** Dates that are told of the days to come. */
const DATES = 3;

/**
 * Every application with every condition before an issue, then the rights on their paths and the dates to come. The
 * survey lets one list serve them all; without it each examination would ask for a list of its own.
 */
export async function checkApplications({ policy, rotator, options }: Parts, found: Found): Promise<void> {
  const names = [...policy.applications.keys()];
  await rotator.survey(names, async () => {});
  const timed = async (name: string) => {
    const began = options.clock.now();
    const examination = await rotator.examine(name);
    return { examination, durationMs: options.clock.now() - began };
  };
  const examinations: Examination[] = [];
  for await (const { examination, durationMs } of inOrder(names, timed)) {
    examinations.push(examination);
    for (const finding of findingsOf(examination, policy, options.clock.now()))
      found({ durationMs, ...finding, ...(finding.is === 'ok' && { isOneOfMany: names.length > FEW }) });
  }
  for (const what of sums(examinations, policy, options.clock.now())) found({ what, is: 'ok' });
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

function isWell({ outcome, unmet }: Examination): boolean {
  return wrongsOf(outcome).length === 0 && unmet.length === 0;
}

function sums(examinations: readonly Examination[], policy: Policy, now: number): readonly string[] {
  const well = examinations.filter(isWell).length;
  return [
    ...(examinations.length > FEW ? [`${well} of ${counted(examinations.length, 'application')} are well`] : []),
    ...rightsText(examinations, policy),
    ...datesText(examinations, now),
  ];
}

/** Where a look succeeded and no condition says otherwise, the token may do all that a rotation needs. */
function rightsText(examinations: readonly Examination[], { applications, vault }: Policy): readonly string[] {
  const paths = examinations
    .filter(({ outcome, unmet }) => outcome.view && !unmet.some(({ code }) => code === 'path-not-writable'))
    .map(({ outcome }) => `${vault.mount}/${applications.get(outcome.application)?.path}`);
  return paths.length > 0 ? [`read, create and update ${namesText(paths)}`] : [];
}

/** What is due is told with its application, and what is refused comes not by itself. */
function datesText(examinations: readonly Examination[], now: number): readonly string[] {
  const ahead = examinations
    .flatMap(({ outcome: { view, trouble } }) =>
      view?.rotateAt && !trouble ? [{ name: view.application, at: view.rotateAt }] : [],
    )
    .filter(({ at }) => at > now)
    .toSorted((a, b) => a.at - b.at);
  if (ahead.length === 0) return [];
  const dates = ahead.slice(0, DATES).map(({ name, at }) => `${name} ${new Date(at).toISOString().slice(0, 16)}Z`);
  return [`next rotations: ${dates.join(', ')}${ahead.length > DATES ? ', …' : ''}`];
}
