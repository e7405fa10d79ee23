import type { Amendment, OperatorRequest } from '../../src/rotation/rotator.ts';
import type { Result } from './calls.ts';
import type { Caller } from './outside.ts';
import type { Charge } from './replica.ts';

/** What a process was started for, where it was not merely to look. */
export interface Errand {
  readonly request?: OperatorRequest;
  readonly word?: Amendment;
  /** By path, the version that it knows of: what was written since, it cannot obey. */
  readonly seen?: Readonly<Record<string, number>>;
  /** When it was started, Unix ms, where that matters. */
  readonly began?: number;
}

export function callerOf(charge: Charge, { request, word, seen, began }: Errand = {}): Caller {
  const { owner, applications, unfit, aheadMs } = charge;
  const windows = applications.filter(({ rotate }) => rotate.window !== undefined);
  return {
    owner,
    paths: Object.fromEntries(applications.map(({ name, path }) => [name, path])),
    asked: request !== undefined,
    despite: request?.despite ?? [],
    ...(request?.leaked && { leaked: true }),
    ...(word && { word }),
    ...(seen && { seen }),
    ...(unfit && { unfit: unfit.because }),
    ...(aheadMs !== 0 && { aheadMs }),
    ...(windows.length > 0 && { windows: Object.fromEntries(windows.map(({ name, rotate }) => [name, rotate])) }),
    ...(began !== undefined && { began }),
  };
}

/** The version that the answer to a read or write tells of; `undefined` where it tells of none. */
export function versionTold(result: Result): number | undefined {
  const said = 'ok' in result ? result.ok : undefined;
  const isTold = typeof said === 'object' && said !== null && 'version' in said;
  return isTold ? Number(said.version) : undefined;
}
