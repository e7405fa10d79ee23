import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Build, has, type ManifestPromise, ofPods } from './build.ts';
import { podOf } from './pod.ts';
import { secretFiles } from './policy.ts';

const lockedContainer = z.looseObject({
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
});

/** A volume that neither shares anything with the node nor can be written to. */
const lockedVolume = z.union([
  z.strictObject({ name: z.string(), configMap: z.looseObject({}) }),
  z.strictObject({ name: z.string(), secret: z.looseObject({}) }),
  z.strictObject({ name: z.string(), projected: z.looseObject({}) }),
]);

const SHARED_WITH_NODE = ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'initContainers', 'ephemeralContainers'];

const vaultToken = { serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'token' } };

const kubernetesLogin = z.looseObject({
  vault: z.looseObject({
    auth: z.strictObject({
      method: z.literal('kubernetes'),
      role: z.literal('rekeyd'),
      jwt: z.strictObject({ file: z.string() }),
    }),
  }),
});

function policyIn({ policyFile }: Build): unknown {
  return parse(readFileSync(policyFile, 'utf8'));
}

/** Where the volume of a name is mounted. */
function mountPath({ manifests }: Build, name: string): string {
  const mount = podOf(manifests).container.volumeMounts.find((one) => one.name === name);
  return mount?.mountPath ?? `nowhere: ${name} is not mounted`;
}

function sharesNothing({ manifests }: Build): void {
  const { spec } = podOf(manifests);
  for (const name of SHARED_WITH_NODE) ok(!(name in spec), `it has ${name}`);
  for (const volume of spec.volumes) lockedVolume.parse(volume);
}

function secretsAreMounted(build: Build): void {
  const folders = ['secrets', 'vault-token'].map((name) => `${mountPath(build, name)}/`);
  const files = secretFiles(policyIn(build));
  ok(files.length > 0, 'the policy names no file');
  const elsewhere = files.filter((file) => !folders.some((folder) => file.startsWith(folder)));
  deepStrictEqual(elsewhere, []);
}

/** What a pod may not do, and how it comes to its secrets. */
export const LOCKED_DOWN: readonly ManifestPromise[] = [
  has('pods run as user and group 10001, never as root', 'Deployment', {
    ...ofPods({ securityContext: { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001 } }),
  }),
  {
    promise: 'the root file system is read-only, all capabilities are dropped and no privilege can be gained',
    holds: ({ manifests }) => lockedContainer.parse(podOf(manifests).container),
  },
  has('the seccomp profile of the container runtime applies', 'Deployment', {
    ...ofPods({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
  }),
  { promise: 'pods share nothing with their node and mount nothing writable', holds: sharesNothing },
  has('the namespace admits only pods of the restricted standard', 'Namespace', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  }),
  has('pods get no token for the Kubernetes API', 'Deployment', {
    ...ofPods({ automountServiceAccountToken: false, serviceAccountName: 'rekeyd' }),
  }),
  has('nor does anything else under their service account', 'ServiceAccount', {
    automountServiceAccountToken: false,
  }),
  {
    promise: 'the only token of the service account is for Vault and good for ten minutes',
    holds: ({ manifests }) => {
      const projected = podOf(manifests).spec.volumes.flatMap((volume) => ('projected' in volume ? [volume] : []));
      deepStrictEqual(projected, [{ name: 'vault-token', projected: { defaultMode: 0o440, sources: [vaultToken] } }]);
    },
  },
  {
    promise: 'the policy logs in to Vault with that token',
    holds: (build) => {
      const { auth } = kubernetesLogin.parse(policyIn(build)).vault;
      equal(auth.jwt.file, `${mountPath(build, 'vault-token')}/token`);
    },
  },
  { promise: 'every secret of the policy is a file that is mounted', holds: secretsAreMounted },
  {
    promise: 'no Secret stands in the manifests',
    holds: ({ manifests }) => ok(manifests.every(({ kind }) => kind !== 'Secret')),
  },
];
