/** Stable names of what happens to an application, each with the level it is logged at. */
export const EVENT_LEVELS = {
  'rotation.started': 'info',
  'rotation.done': 'info',
  'rotation.failed': 'error',
  'rotation.blocked': 'error',
  'credential.issued': 'info',
  'credential.verified': 'info',
  'credential.published': 'info',
  'credential.read_back': 'debug',
  'credential.revoked': 'info',
  'credential.adopted': 'info',
  'credential.superseded': 'info',
  'credential.gone': 'warn',
  'candidate.revoked': 'warn',
  'candidate.left': 'warn',
  'publish.unconfirmed': 'warn',
  'read_back.differs': 'error',
  'strays.entered': 'warn',
  'revocation.failed': 'error',
  'secret.republished': 'info',
  'secret.renewed': 'info',
  'schedule.changed': 'info',
  'hold.set': 'info',
  'hold.released': 'info',
  'grace.shortened': 'warn',
  'application.retired': 'info',
  'application.refused': 'error',
  'application.out_of_service': 'info',
  'application.notice': 'warn',
  'application.overdue': 'warn',
  'application.recovered': 'info',
  'pass.failed': 'error',
  'mirror.failed': 'warn',
} as const;

export type EventName = keyof typeof EVENT_LEVELS;

/** The timed steps of a rotation. */
export type Step = 'issue' | 'verify' | 'publish' | 'read_back' | 'revoke';

/** One thing that happened. Never a secret in it; whoever receives it may show all of it. Times are Unix ms. */
export interface RotationEvent {
  readonly event: EventName;
  readonly application: string;
  readonly issuer?: string;
  readonly instance?: string;
  readonly generation?: number;
  readonly credentialId?: string;
  readonly accessKeyId?: string;
  readonly why?: string;
  readonly step?: Step;
  readonly durationMs?: number;
  /** Version at the path. */
  readonly version?: number;
  readonly revokeAt?: number | null;
  readonly rotateAt?: number;
  /** Of a problem. */
  readonly code?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

export type Report = (event: RotationEvent) => void;
