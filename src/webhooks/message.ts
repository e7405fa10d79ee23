import type { Notice } from './notice.ts';

/** What is delivered, over and over the same until it arrived. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/** Who tells. */
export interface Teller {
  readonly owner: string;
  readonly replica: string;
}

/** Of more applications than this only the first are named; `count` tells how many there are. */
const NAMED = 1_000;

/** One or more notices of the same event as a CloudEvent in structured mode. */
export function messageOf(notices: readonly [Notice, ...Notice[]], id: string, { owner, replica }: Teller): Message {
  const [first] = notices;
  const applications = notices.flatMap(({ application }) => (application === undefined ? [] : [application]));
  const isOne = notices.length === 1;
  const event = {
    specversion: '1.0',
    id,
    source: `/rekeyd/${owner}`,
    type: `rekeyd.${first.event}`,
    ...(isOne && first.application !== undefined && { subject: first.application }),
    time: new Date(first.at).toISOString(),
    datacontenttype: 'application/json',
    data: {
      message: isOne ? first.message : `${notices.length} applications, the first of them: ${first.message}`,
      replica,
      ...(isOne ? first.details : sharedDetails(first)),
      ...(applications.length > 0 && { count: applications.length, applications: applications.slice(0, NAMED) }),
    },
  };
  return { id, body: JSON.stringify(event) };
}

/** What the first of many says for all of them. */
function sharedDetails({ details: { code, reason, remedy } }: Notice): Readonly<Record<string, unknown>> {
  return { code, reason, remedy };
}
