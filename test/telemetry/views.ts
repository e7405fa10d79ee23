import type { ApplicationView, Outcome, Trouble } from '../../src/rotation/outcome.ts';
import { Board } from '../../src/telemetry/board.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const HOUR = 3_600_000;

export function viewOf(application: string, over: Partial<ApplicationView> = {}): ApplicationView {
  return {
    application,
    issuer: 'sto1',
    path: `apps/${application}/s3`,
    generation: 7,
    current: {
      credentialId: 'c-7',
      accessKeyId: 'AKIA7',
      instance: 'os-ab123',
      issuedAt: NOW - HOUR,
      publishedAt: NOW - HOUR,
      adopted: false,
    },
    rotateAt: NOW + HOUR,
    superseded: [],
    strays: 0,
    ...over,
  };
}

export function outcomeOf(application: string, over: Partial<Outcome> = {}): Outcome {
  const view = viewOf(application);
  return { application, did: 'nothing', notices: [], view, nextAt: NOW + HOUR, next: 'rotate', ...over };
}

export function troubleOf(kind: Trouble['kind'], code: string): Trouble {
  return { kind, code, reason: `because of ${code}`, remedy: 'Mend it.' };
}

export function boardOf(names: readonly string[], report?: ConstructorParameters<typeof Board>[1]): Board {
  return new Board(new Map(names.map((name) => [name, { issuer: 'sto1', path: `apps/${name}/s3` }])), report);
}

export const entryInGrace = {
  credentialId: 'c-6',
  accessKeyId: 'AKIA6',
  instance: 'os-ab123',
  revokeAt: NOW + HOUR,
  why: 'rotated',
};
