import type { Parts } from '../parts.ts';
import { PolicyError, readPolicy } from '../policy/load.ts';
import type { Policy, PolicyWarning } from '../policy/policy.ts';
import { type Census, censusOf } from '../telemetry/census.ts';
import { checkApplications } from './check-applications.ts';
import { attempt, type Finding, type Found, findingsAsJson, lineOf, mistakesAsJson, SIGNS } from './check-finding.ts';
import { checkS3 } from './check-s3.ts';
import { checkVault } from './check-vault.ts';
import { namesText, shared } from './concerns.ts';
import { counted } from './count.ts';
import { withReplica } from './replica.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface CheckOptions {
  readonly config: string;
  readonly offline: boolean;
  readonly json: boolean;
}

/**
 * Tries everything that a run needs and touches nothing: each thing on a line of its own with the time that it took, and
 * with the remedy where it fails; last the problems of applications, each problem once. Exit code 1 where anything is
 * wrong; a mistake in the policy is 2.
 */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<number> {
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    findings.push(finding);
    const isToldLater = isShareable(finding) || finding.isOneOfMany;
    if (!options.json && !isToldLater) terminal.write(lineOf(finding, terminal));
  };
  await tryAll(options, terminal, found);
  terminal.write(options.json ? findingsAsJson(findings) : sharedText(findings, terminal));
  return findings.some(({ is }) => is === 'wrong') ? EXIT.failed : EXIT.done;
}

async function tryAll({ config, offline, json }: CheckOptions, terminal: Terminal, found: Found): Promise<void> {
  try {
    if (offline) await checkOffline(config, terminal, found);
    else await withReplica(config, terminal, (parts) => checkAll(parts, found));
  } catch (error) {
    if (json && error instanceof PolicyError) terminal.write(mistakesAsJson(error.mistakes));
    throw error;
  }
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
  await checkVault(parts, found);
  for (const name of parts.sites.keys()) await checkIssuer(parts, name, found);
  await checkApplications(parts, found);
  checkWebhooks(policy, found);
}

/** One list shows that the way in, the key's rights and the instance are right, and how full it is. */
async function checkIssuer(parts: Parts, name: string, found: Found): Promise<void> {
  const { policy, sites, lists } = parts;
  const site = sites.get(name);
  if (!site) return;
  const { issuer, target, quota } = site;
  await attempt(`list ${issuer.instance} at issuer ${name}`, found, async () => {
    const list = await lists.after(issuer.instance, lists.mark());
    const inUse = Number.isFinite(quota)
      ? `${list.size} of ${counted(quota, 'credential')} in use`
      : `${counted(list.size, 'credential')} in use`;
    return inUse + whoseText(await censusOf(list.all(), policy), name);
  });
  await checkS3(parts, target, found);
}

/** What is not ours is only counted here: rekeyd never touches it. */
function whoseText({ unclaimed, foreign }: Census, issuer: string): string {
  const parts = [
    ...(unclaimed > 0
      ? [
          `${unclaimed} unclaimed (issued by rekeyd for applications that the policy does not have: rekeyd keys ${issuer} shows them, and what to do)`,
        ]
      : []),
    ...(foreign > 0 ? [`${foreign} foreign`] : []),
  ];
  return parts.length > 0 ? `, of them ${parts.join(' and ')}` : '';
}

/** They are not called: who hears of a rotation that did not happen would be misled. */
function checkWebhooks({ webhooks }: Policy, found: Found): void {
  if (webhooks.length > 0) found({ what: `${counted(webhooks.length, 'webhook')}, not called`, is: 'ok' });
}

function findingOf({ code, application, message }: PolicyWarning): Finding {
  const what = application ? `application ${application}` : 'policy';
  return { what, is: 'warning', problem: { code, reason: message, remedy: '' } };
}
