import { rotateCommand } from '../../src/commands/rotate.ts';
import type { RotationRecord } from '../../src/rotation/record.ts';
import { pretendTerminal } from '../support/terminal.ts';
import type { Arranged } from './arrange.ts';

/** What a person sees and answers: each question gets the next answer, and none once they are used up. */
export function person(on: Arranged, ...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift() ?? '';
  };
  return { ...pretendTerminal(on.env, { ask }), asked };
}

/** Rotates an application so many times. */
export async function rotated(on: Arranged, application: string, times = 1): Promise<void> {
  for (let each = 0; each < times; each += 1) {
    const options = { config: on.config, applications: [application], all: false, despite: [], json: true };
    await rotateCommand(options, pretendTerminal(on.env));
  }
}

export function recordOf({ sandbox }: Arranged, application: string): RotationRecord {
  return JSON.parse(String(sandbox.vaultStore.peek(`apps/${application}`)?.['rekeyd'])) as RotationRecord;
}

/** The access key ids that live on the instance. */
export function living({ sandbox }: Arranged): string[] {
  return sandbox.credentials(sandbox.instance).map(({ accessKeyId }) => accessKeyId);
}

/** A credential that somebody made in the control panel. */
export async function madeByHand({ sandbox, env }: Arranged, description: string) {
  const answer = await fetch(`${sandbox.glesys}/objectstorage/createcredential`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${sandbox.project}:${env['API_KEY']}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ instanceid: sandbox.instance, description }),
  });
  const { response } = (await answer.json()) as { response: { credential: { accesskey: string; secretkey: string } } };
  return response.credential;
}
