import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();
const config = join(scene.dir, 'rekeyd.yaml');
writeFileSync(config, 'owner: acme\nissuers: { a: { type: glesys } }\nsandbox: {}\n');

/** Calls that nobody means, with what a terminal would obey in them. */
const CALLS: readonly (readonly string[])[] = [
  ['rotate', 'a\u001b[2Jb', '--config', config],
  ['run', '--\u009b31m'],
  ['check', '--config', `${scene.dir}/\u001b[2J.yaml`],
];

test('whatever arguments it gets, the program ends with the code of a wrong call and obeys no terminal', async () => {
  const ends = await Promise.all(CALLS.map((args) => runProgram(scene, args)));
  for (const [index, { code, output }] of ends.entries()) {
    expect(code, `${JSON.stringify(CALLS[index])}\n${output}`).toBe(2);
    expect(output).not.toMatch(/[^\P{Cc}\n\t]/u);
    expect(output).not.toContain('    at ');
  }
}, 120_000);
