import { deepStrictEqual, equal, match, notDeepStrictEqual } from 'node:assert/strict';
import { appendFileSync, cpSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Checks } from '../checks.ts';
import { fileOf, textOf } from '../repository.ts';
import { AT_WORK } from './at-work.ts';
import type { Build, ManifestPromise } from './build.ts';
import { LOCKED_DOWN } from './locked-down.ts';
import { podOf } from './pod.ts';
import { secretFiles } from './policy.ts';
import { REACHED, REACHED_IN_EXAMPLE } from './reached.ts';
import { ensureTools, only, type Rendering, render, unpackPolicy, verdictsOn } from './render.ts';

const ALWAYS = [...AT_WORK, ...LOCKED_DOWN, ...REACHED];

const BUILDS: Readonly<Record<string, readonly ManifestPromise[]>> = {
  base: ALWAYS,
  'overlays/example': [...ALWAYS, ...REACHED_IN_EXAMPLE],
};

interface Damage {
  readonly what: string;
  readonly to: string;
  readonly told: RegExp;
}

const DAMAGES: readonly Damage[] = [
  { what: 'a misspelt key', to: 'replica: 2', told: /spec\.replica: .*unknown field/ },
  { what: 'a text where a number is wanted', to: 'replicas: two', told: /spec\.replicas: .*must be of type integer/ },
];

/** Renders what stands in deploy/kubernetes, asks Kubernetes' schemas about it, and looks for what it promises. */
export async function checkKubernetes(checks: Checks, scratch: string): Promise<void> {
  await checks.check('kustomize and kubectl-validate can be built', ensureTools);
  for (const [folder, promises] of Object.entries(BUILDS)) await checkBuild(checks, scratch, folder, promises);
  await checkBroken(checks, scratch);
  await checkTogether(checks, scratch);
}

async function checkBuild(
  checks: Checks,
  scratch: string,
  folder: string,
  promises: readonly ManifestPromise[],
): Promise<void> {
  let rendering: Rendering | undefined;
  await checks.check(`${folder}: kustomize renders it`, () => {
    rendering = render(fileOf('deploy', 'kubernetes', folder));
  });
  if (!rendering) return;
  const { manifests, text } = rendering;
  const verdicts = verdictsOn(text, scratch);
  for (const [index, { kind }] of manifests.entries()) {
    await checks.check(`${folder}: the ${kind} is as Kubernetes wants it`, () =>
      deepStrictEqual(verdicts[index], { metadata: {}, status: 'Success', message: '' }),
    );
  }
  const policyFile = unpackPolicy(manifests, join(scratch, basename(folder)));
  const build: Build = { manifests, policyFile };
  for (const { promise, holds } of promises) await checks.check(`${folder}: ${promise}`, () => holds(build));
}

/** A validator that finds nothing wrong with these would find nothing wrong with anything. */
async function checkBroken(checks: Checks, scratch: string): Promise<void> {
  const { text } = render(fileOf('deploy', 'kubernetes', 'base'));
  for (const { what, to, told } of DAMAGES) {
    await checks.check(`manifests with ${what} are found to be wrong`, () => {
      const faults = verdictsOn(text.replace('replicas: 2', to), scratch).filter(({ status }) => status === 'Failure');
      equal(faults.length, 1);
      match(faults[0]?.message ?? '', told);
    });
  }
}

const versioned = z.looseObject({ version: z.string() });

/** What must agree with something beside the manifests. */
async function checkTogether(checks: Checks, scratch: string): Promise<void> {
  const { manifests } = render(fileOf('deploy', 'kubernetes', 'base'));
  await checks.check('the image is the one of the version in package.json', () => {
    const { version } = versioned.parse(JSON.parse(textOf('package.json')));
    equal(podOf(manifests).container.image, `ghcr.io/rekeyd/rekeyd:${version}`);
  });
  await checks.check('a changed policy reaches the running pods and makes no new ones', () => {
    const copy = join(scratch, 'kubernetes');
    cpSync(fileOf('deploy', 'kubernetes'), copy, { recursive: true });
    appendFileSync(join(copy, 'base', 'rekeyd.yaml'), '\nlog: { level: debug }\n');
    const changed = render(join(copy, 'base'));
    equal(policyVolume(changed), policyVolume({ manifests }));
    deepStrictEqual(podOf(changed.manifests), podOf(manifests));
    notDeepStrictEqual(only(changed.manifests, 'ConfigMap'), only(manifests, 'ConfigMap'));
    const mounts = podOf(manifests).spec.containers.flatMap(({ volumeMounts }) => volumeMounts);
    const policies = mounts.filter(({ name }) => name === 'policy');
    deepStrictEqual(policies, [{ name: 'policy', mountPath: '/etc/rekeyd', readOnly: true }]);
  });
  await checks.check('the README says how to make a Secret with everything that the policy reads', () => {
    const readme = textOf('deploy', 'kubernetes', 'README.md');
    const files = secretFiles(parse(textOf('deploy', 'kubernetes', 'base', 'rekeyd.yaml')));
    const keys = files.filter((file) => dirname(file) === '/run/secrets/rekeyd').map((file) => basename(file));
    deepStrictEqual(keys, ['glesys-api-key', 'http-token']);
    for (const key of keys) match(readme, new RegExp(`--from-file=${key}=`));
  });
}

/** The name of the ConfigMap that the pods mount, which must be the one that is rendered. */
function policyVolume({ manifests }: Pick<Rendering, 'manifests'>): string {
  const { name } = only(manifests, 'ConfigMap').metadata;
  const mounted = podOf(manifests).spec.volumes.find((volume) => volume.name === 'policy');
  deepStrictEqual(mounted, { name: 'policy', configMap: { name } });
  return name;
}
