import type { Problem } from '../rotation/errors.ts';
import { type Paint, paint } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** A problem of one application. */
export interface Concern {
  readonly application: string;
  /** Its path in Vault, which may stand in the problem's words. */
  readonly path: string;
  /** `refused`, `blocked` or `failed`, where that is to be said too. */
  readonly kind?: string;
  readonly problem: Problem;
  readonly colour: Paint;
}

/** The same problem of one or more applications. */
export interface SharedConcern {
  readonly applications: readonly string[];
  readonly kind: string | undefined;
  readonly problem: Problem;
  readonly colour: Paint;
}

/** Names that are told one by one; of more only so many. */
const NAMED = 5;

/** One server that is down is one problem, however many applications have it. In the order of the first of each. */
export function shared(concerns: readonly Concern[]): readonly SharedConcern[] {
  const groups = Map.groupBy(concerns, (concern) => JSON.stringify([concern.colour, concern.kind, common(concern)]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { kind, colour } = first;
    const isSame = group.every(({ problem }) => isAlike(problem, first.problem));
    const applications = [...new Set(group.map(({ application }) => application))];
    return [{ applications, kind, colour, problem: isSame ? first.problem : common(first) }];
  });
}

function isAlike(one: Problem, other: Problem): boolean {
  return one.reason === other.reason && one.remedy === other.remedy;
}

/** The problem without what is different only because each application has a name, a path and keys of its own. */
function common({ application, problem: { code, reason, remedy }, path }: Concern): Problem {
  // only where a command or an address is quoted: a short name may stand in any word
  const name = application.replaceAll('.', '\\.');
  const quoted = new RegExp(`(?<=\\brekeyd (?!revoke )[a-z]+ |/api/v1/applications/)${name}(?![\\w-])`, 'g');
  const general = remedy.replaceAll(path, '…').replace(quoted, 'APP').replace(REVOKED, 'ACCESS_KEY_ID');
  return { code, reason: reason.replaceAll(path, '…'), remedy: general };
}

/** The key in a command that revokes it. */
const REVOKED = /(?<=\brekeyd revoke [\w.-]+ )[\w-]+/g;

/** `billing, reports`; of many the first five `and 12 more`. */
export function namesText(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** What a person should do something about, in full. */
export function concernsText(concerns: readonly Concern[], terminal: Terminal): string {
  return shared(concerns)
    .map(({ applications, kind, problem, colour }) => {
      const about = [namesText(applications), ...(kind === undefined ? [] : [kind]), problem.code].join(': ');
      const words = [problem.reason, problem.remedy].filter((text) => text !== '');
      return `\n${paint(colour, about, terminal)}\n${words.map((text) => `${wrapped(`  ${text}`, terminal.columns, '  ')}\n`).join('')}`;
    })
    .join('');
}
