import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { z } from 'zod';
import { type Build, has, type ManifestPromise } from './build.ts';
import { type Manifest, only } from './render.ts';

const ports = z.array(z.strictObject({ protocol: z.string(), port: z.number() }));
const selector = z.strictObject({ matchLabels: z.record(z.string(), z.string()) });
const ipBlock = z.strictObject({ cidr: z.string(), except: z.array(z.string()) });
const peer = z.strictObject({
  namespaceSelector: selector.optional(),
  podSelector: selector.optional(),
  ipBlock: ipBlock.optional(),
});
const networkPolicy = z.looseObject({
  spec: z.looseObject({
    ingress: z.array(z.strictObject({ from: z.array(peer), ports })),
    egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports })),
  }),
});

function rulesOf(manifests: readonly Manifest[]) {
  return networkPolicy.parse(only(manifests, 'NetworkPolicy')).spec;
}

function namespace(name: string) {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
}

/** The rules for one port, which must be one. */
function egressTo({ manifests }: Build, port: number) {
  const [rule, ...others] = rulesOf(manifests).egress.filter((one) => one.ports.some((its) => its.port === port));
  if (!rule || others.length > 0) throw new Error(`${rule ? 'several rules' : 'no rule'} for port ${port}`);
  return rule;
}

/** Private addresses, and where clouds serve the credentials of a node. */
const NOT_PUBLIC = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];

/** Who reaches a pod, and what it reaches. */
export const REACHED: readonly ManifestPromise[] = [
  has('the network policy is for the pods of rekeyd and for both directions', 'NetworkPolicy', {
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'rekeyd' } },
      policyTypes: ['Ingress', 'Egress'],
    },
  }),
  {
    promise: 'only the namespace monitoring reaches it, and only its port',
    holds: ({ manifests }) =>
      deepStrictEqual(rulesOf(manifests).ingress, [
        { from: [namespace('monitoring')], ports: [{ protocol: 'TCP', port: 8080 }] },
      ]),
  },
  {
    promise: 'it reaches DNS, Vault and HTTPS, and no other port',
    holds: ({ manifests }) => {
      const reached = rulesOf(manifests).egress.flatMap((rule) =>
        rule.ports.map((one) => `${one.protocol} ${one.port}`),
      );
      deepStrictEqual(reached, ['UDP 53', 'TCP 53', 'TCP 8200', 'TCP 443']);
    },
  },
  {
    promise: "it asks for names at the cluster's own DNS alone",
    holds: (build) =>
      deepStrictEqual(egressTo(build, 53).to, [
        { ...namespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
      ]),
  },
  {
    promise: 'HTTPS leads to public addresses alone',
    holds: (build) => {
      const [v4, v6, ...others] = (egressTo(build, 443).to ?? []).map((one) => one.ipBlock);
      equal(others.length, 0);
      deepStrictEqual(v4, { cidr: '0.0.0.0/0', except: NOT_PUBLIC });
      deepStrictEqual(v6, { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] });
    },
  },
];

/** What the example overlay adds. */
export const REACHED_IN_EXAMPLE: readonly ManifestPromise[] = [
  {
    promise: "Vault's port leads to the namespace vault alone",
    holds: (build) => deepStrictEqual(egressTo(build, 8200).to, [namespace('vault')]),
  },
  {
    promise: 'all files of the policy are in the ConfigMap',
    holds: ({ manifests }) => {
      const { data } = z.looseObject({ data: z.looseObject({}) }).parse(only(manifests, 'ConfigMap'));
      ok('rekeyd.yaml' in data && 'apps-billing.yaml' in data, `it has ${Object.keys(data).join(', ')}`);
    },
  },
];
