import type { Parts } from '../parts.ts';
import type { Policy } from '../policy/policy.ts';
import type { Problem } from '../rotation/errors.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import type { Examination } from '../rotation/rotator.ts';
import { type Bill, billFor } from '../scheduler/costs.ts';
import { type Coming, type Forecast, forecast } from '../scheduler/forecast.ts';
import { type Concern, concernsText } from './concerns.ts';
import { counted } from './count.ts';
import { inOrder } from './in-order.ts';
import { billAsJson, billText } from './plan-text.ts';
import { chosenApplications } from './ready-policy.ts';
import { withReplica } from './replica.ts';
import { table } from './table.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

export interface PlanOptions {
  readonly config: string;
  /** Only these; all where it is missing or empty. */
  readonly applications?: readonly string[];
  readonly days: number;
  readonly json: boolean;
}

const DAY_MS = 86_400_000;
/** Dates shown to a person; all of them stand in the JSON. */
const SHOWN = 40;

interface Plan {
  readonly policy: Policy;
  readonly examined: readonly Examination[];
  readonly coming: readonly Coming[];
  /** Applications of which more comes than is told, and how it goes on. */
  readonly andSoOn: readonly { readonly application: string; readonly goes: string }[];
  /** What the servers are asked meanwhile. */
  readonly bill: Bill;
  readonly now: number;
}

/**
 * What a run would do now, application by application, what the days to come bring, and how many calls that takes.
 * Touches nothing.
 */
export function planCommand(options: PlanOptions, terminal: Terminal): Promise<number> {
  return withReplica(options.config, terminal, async (parts) => {
    const plan = await makePlan(parts, options);
    terminal.write(options.json ? asJson(plan) : asText(plan, options, terminal));
    return EXIT.done;
  });
}

async function makePlan(parts: Parts, { applications = [], days }: PlanOptions): Promise<Plan> {
  const examined = await examineDue(parts, chosenApplications(parts.policy, applications));
  const now = parts.options.clock.now();
  const forecasts = examined.map(({ outcome }) => ({
    application: outcome.application,
    ...forecastOf(parts, outcome, now, now + days * DAY_MS),
  }));
  const coming = forecasts.flatMap((one) => one.coming).toSorted((a, b) => a.at - b.at);
  const names = examined.map(({ outcome }) => outcome.application);
  return {
    policy: parts.policy,
    examined,
    coming,
    bill: billFor(parts.policy, coming, names, days * DAY_MS),
    andSoOn: forecasts.flatMap(({ application, andSoOn }) => (andSoOn ? [{ application, goes: andSoOn }] : [])),
    now,
  };
}

/** How they stand; the conditions before an issue only of those that are to have one now. */
async function examineDue(parts: Parts, names: readonly string[]): Promise<readonly Examination[]> {
  const { rotator, options } = parts;
  const seen = await rotator.survey(names, async () => {});
  const examine = async (outcome: Outcome): Promise<Examination> =>
    issuesNow(outcome, options.clock.now()) ? rotator.examine(outcome.application) : { outcome, unmet: [] };
  const examined: Examination[] = [];
  for await (const examination of inOrder(seen, examine)) examined.push(examination);
  return examined;
}

/** Whether the next step is an issue, and is to be done now. */
function issuesNow({ trouble, nextAt, next }: Outcome, now: number): boolean {
  return !trouble && nextAt <= now && next.startsWith('issue');
}

/** What keeps the next step from being done. */
function blocking({ outcome, unmet }: Examination, now: number): readonly Problem[] {
  return issuesNow(outcome, now) ? unmet : [];
}

function forecastOf(parts: Parts, outcome: Outcome, now: number, until: number): Forecast {
  const application = parts.policy.applications.get(outcome.application);
  return application ? forecast(application, parts.policy.owner, outcome, now, until) : { coming: [] };
}

/** What a first run would do: what is to be done now, unless something stands in its way. */
function firstStep(examination: Examination, now: number): string {
  const { outcome } = examination;
  const [first] = blocking(examination, now);
  if (outcome.trouble) return `${outcome.trouble.kind}: ${outcome.trouble.code}`;
  if (outcome.nextAt > now) return 'nothing';
  return first ? `${outcome.next}, but blocked: ${first.code}` : outcome.next;
}

function asJson({ examined, coming, andSoOn, bill, now }: Plan): string {
  const applications = examined.map((examination) => ({
    application: examination.outcome.application,
    now: firstStep(examination, now),
    trouble: examination.outcome.trouble,
    unmet: blocking(examination, now),
    notices: examination.outcome.notices,
  }));
  const dates = coming.map(({ at, application, what }) => ({ at: iso(at), application, what }));
  const plan = {
    applications,
    coming: dates,
    and_so_on: andSoOn,
    issuer_calls: coming.length,
    calls: billAsJson(bill),
  };
  return `${JSON.stringify(plan, null, 2)}\n`;
}

function asText(plan: Plan, { days }: PlanOptions, terminal: Terminal): string {
  const { examined, coming, now } = plan;
  const rows = examined.map((examination) => [examination.outcome.application, firstStep(examination, now)]);
  const dates = coming.slice(0, SHOWN).map(({ at, application, what }) => [iso(at), application, what]);
  return [
    table(['APPLICATION', 'NOW'], rows, terminal, { cut: 'NOW' }),
    concernsText(concernsOf(plan), terminal),
    '\n',
    table(['WHEN', 'APPLICATION', 'WHAT'], dates, terminal, { cut: 'WHAT' }),
    coming.length > SHOWN ? `… and ${coming.length - SHOWN} more (--json shows all)\n` : '',
    endText(plan, days, terminal),
  ].join('');
}

function concernsOf({ policy, examined, now }: Plan): readonly Concern[] {
  return examined.flatMap((examination): Concern[] => {
    const { application, trouble, notices } = examination.outcome;
    const about = { application, path: policy.applications.get(application)?.path ?? application };
    return [
      ...[...(trouble ? [trouble] : []), ...blocking(examination, now)].map((problem) => ({
        ...about,
        problem,
        colour: 'red' as const,
      })),
      ...notices.map((problem) => ({ ...about, problem, colour: 'yellow' as const })),
    ];
  });
}

function endText({ coming, andSoOn, bill }: Plan, days: number, terminal: Terminal): string {
  const rhythms = andSoOn.map(({ application, goes }) => `${application}: and so on ${goes}\n`);
  const atLeast = andSoOn.length > 0 ? 'more than ' : '';
  const steps = `${atLeast}${counted(coming.length, 'step')} in ${counted(days, 'day')}`;
  const words = `${steps}, each one call that changes something at an issuer. One daemon that runs all the while calls:`;
  return `${rhythms.join('')}\n${wrapped(words, terminal.columns)}\n\n${billText(bill, atLeast, terminal)}`;
}
