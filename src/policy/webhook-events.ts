/** The events that somebody can be told of, by the names that they have in the log. */
export const WEBHOOK_EVENTS = [
  'rotation.done',
  'rotation.failed',
  'rotation.blocked',
  'pass.failed',
  'application.refused',
  'application.overdue',
  'application.notice',
  'application.recovered',
  'credential.gone',
  'credential.adopted',
  'credential.revoked',
  'revocation.failed',
  'secret.republished',
  'circuit.opened',
  'circuit.closed',
  'policy.reloaded',
  'policy.refused',
] as const;

export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

const ALL = '*';

/** What may stand in `events`: names, `rotation.*` for all of a kind, and `*` for all there are. */
export const WEBHOOK_CHOICES: readonly [string, ...string[]] = [
  ALL,
  ...new Set(WEBHOOK_EVENTS.map(patternOf)),
  ...WEBHOOK_EVENTS,
];

/** The events that choices mean, each once. */
export function chosenEvents(choices: readonly string[]): readonly WebhookEvent[] {
  return WEBHOOK_EVENTS.filter((event) => [ALL, patternOf(event), event].some((choice) => choices.includes(choice)));
}

function patternOf(event: string): string {
  return event.replace(/\..*$/, '.*');
}
