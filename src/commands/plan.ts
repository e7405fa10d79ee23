import type { Parts } from '../parts.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Examination } from '../rotation/rotator.ts';
import { type Coming, forecast, ISSUER_CALLS_PER_ROTATION } from '../scheduler/forecast.ts';
import { inOrder } from './in-order.ts';
import { withReplica } from './replica.ts';
import { problemText } from './status.ts';
import { table } from './table.ts';
import { EXIT, type Terminal } from './terminal.ts';

export interface PlanOptions {
  readonly config: string;
  readonly days: number;
  readonly json: boolean;
}

const DAY_MS = 86_400_000;
/** Dates shown to a person; all of them stand in the JSON. */
const SHOWN = 40;

interface Plan {
  readonly examined: readonly Examination[];
  readonly coming: readonly Coming[];
  readonly now: number;
}

/** What a run would do now, application by application, and what the days to come bring. Touches nothing. */
export function planCommand(options: PlanOptions, terminal: Terminal): Promise<number> {
  return withReplica(
    options.config,
    terminal,
    () => {},
    async (parts) => {
      const plan = await makePlan(parts, options.days);
      terminal.write(options.json ? asJson(plan) : asText(plan, options, terminal));
      return EXIT.done;
    },
  );
}

async function makePlan(parts: Parts, days: number): Promise<Plan> {
  const examined = await examineDue(parts);
  const now = parts.options.clock.now();
  const coming = examined.flatMap(({ outcome }) => comingOf(parts, outcome, now, now + days * DAY_MS));
  return { examined, coming: coming.toSorted((a, b) => a.at - b.at), now };
}

/** How all of them stand; the conditions before an issue only of those that are to do something now. */
async function examineDue({ policy, rotator, options: { clock } }: Parts): Promise<readonly Examination[]> {
  const seen = await rotator.survey([...policy.applications.keys()], async () => {});
  const isDue = (outcome: Outcome) => !outcome.trouble && outcome.nextAt <= clock.now();
  const examine = async (outcome: Outcome): Promise<Examination> =>
    isDue(outcome) ? rotator.examine(outcome.application) : { outcome, unmet: [] };
  const examined: Examination[] = [];
  for await (const examination of inOrder(seen, examine)) examined.push(examination);
  return examined;
}

function comingOf(parts: Parts, outcome: Outcome, now: number, until: number): readonly Coming[] {
  const application = parts.policy.applications.get(outcome.application);
  if (!application || outcome.trouble) return [];
  return forecast(application, parts.policy.owner, outcome.view, now, until);
}

/** What a first run would do: what is to be done now, unless something stands in its way. */
function firstStep({ outcome, unmet }: Examination, now: number): string {
  if (outcome.trouble) return `${outcome.trouble.kind}: ${outcome.trouble.code}`;
  if (outcome.nextAt > now) return 'nothing';
  return unmet.length > 0 ? `${outcome.next}, but blocked: ${unmet[0]?.code}` : outcome.next;
}

function asJson({ examined, coming, now }: Plan): string {
  const applications = examined.map((examination) => ({
    application: examination.outcome.application,
    now: firstStep(examination, now),
    trouble: examination.outcome.trouble,
    unmet: examination.outcome.nextAt <= now ? examination.unmet : [],
    notices: examination.outcome.notices,
  }));
  const dates = coming.map(({ at, application, what }) => ({ at: new Date(at).toISOString(), application, what }));
  return `${JSON.stringify({ applications, coming: dates, issuer_calls: callsOf(coming) }, null, 2)}\n`;
}

function callsOf(coming: readonly Coming[]): number {
  return coming.filter(({ what }) => what.startsWith('rotate')).length * ISSUER_CALLS_PER_ROTATION;
}

function asText({ examined, coming, now }: Plan, { days }: PlanOptions, terminal: Terminal): string {
  const rows = examined.map((examination) => [examination.outcome.application, firstStep(examination, now)]);
  const problems = examined.flatMap(({ outcome, unmet }) => [
    ...(outcome.trouble ? [problemText(outcome.application, outcome.trouble, 'red', terminal)] : []),
    ...(outcome.nextAt <= now ? unmet : []).map((one) => problemText(outcome.application, one, 'red', terminal)),
    ...outcome.notices.map((one) => problemText(outcome.application, one, 'yellow', terminal)),
  ]);
  const dates = coming
    .slice(0, SHOWN)
    .map(({ at, application, what }) => [new Date(at).toISOString(), application, what]);
  const more = coming.length > SHOWN ? `… and ${coming.length - SHOWN} more (--json shows all)\n` : '';
  const summary = `\n${coming.length} steps in ${days} days, ${callsOf(coming)} calls that change something at issuers\n`;
  return [
    table(['APPLICATION', 'NOW'], rows, terminal),
    ...problems,
    '\n',
    table(['WHEN', 'APPLICATION', 'WHAT'], dates, terminal),
    more,
    summary,
  ].join('');
}
