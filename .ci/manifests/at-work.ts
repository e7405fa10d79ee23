import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { readPolicy } from '../../src/policy/load.ts';
import { type Build, has, type ManifestPromise, ofPods } from './build.ts';
import { podOf, variable } from './pod.ts';
import { mustPassCheck, stopSeconds } from './policy.ts';
import { type Manifest, only } from './render.ts';

const podLabels = { 'app.kubernetes.io/name': 'rekeyd' };
const selectsPods = { selector: { matchLabels: podLabels } };

async function listensAtItsPort({ manifests, policyFile }: Build): Promise<void> {
  const env = { REKEYD_HTTP_LISTEN: variable(manifests, 'REKEYD_HTTP_LISTEN') };
  const { http } = await readPolicy(policyFile, env);
  deepStrictEqual(podOf(manifests).container.ports, [{ name: 'http', containerPort: http.listen.port }]);
  equal(http.listen.host, '0.0.0.0');
}

/** Where each probe asks. */
function probesOf(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const { startupProbe, readinessProbe, livenessProbe } = podOf(manifests).container;
  const where = ({ httpGet }: typeof startupProbe) => `${httpGet.port}${httpGet.path}`;
  return { startup: where(startupProbe), readiness: where(readinessProbe), liveness: where(livenessProbe) };
}

function spread(topologyKey: string): object {
  return { topologyKey, maxSkew: 1, labelSelector: { matchLabels: podLabels } };
}

/** What keeps rekeyd at work. */
export const AT_WORK: readonly ManifestPromise[] = [
  has('there are two replicas, and nothing old ends before something new is ready', 'Deployment', {
    spec: { replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } },
  }),
  {
    promise: 'the Deployment looks after exactly its own pods',
    holds: ({ manifests }) => {
      const { selector, labels } = podOf(manifests);
      deepStrictEqual(selector, { matchLabels: podLabels });
      equal(labels['app.kubernetes.io/name'], 'rekeyd');
    },
  },
  has('the replicas are spread over nodes and zones', 'Deployment', {
    ...ofPods({
      topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
    }),
  }),
  has('a drained node takes one replica at a time, and is not held up while Vault is away', 'PodDisruptionBudget', {
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', ...selectsPods },
  }),
  {
    promise: 'started and alive is /healthz, ready is /readyz',
    holds: ({ manifests }) =>
      deepStrictEqual(probesOf(manifests), {
        startup: 'http/healthz',
        readiness: 'http/readyz',
        liveness: 'http/healthz',
      }),
  },
  { promise: 'rekeyd listens at the port that is asked, on every address of its pod', holds: listensAtItsPort },
  {
    promise: 'a pod is given the time that its longest attempt may last',
    holds: async ({ manifests, policyFile }) => {
      const { terminationGracePeriodSeconds: given } = podOf(manifests).spec;
      const wanted = await stopSeconds(policyFile);
      ok(given >= wanted, `it is given ${given} s, and may need ${wanted} s`);
    },
  },
  has('a pod reserves what it needs, and its memory is bounded', 'Deployment', {
    ...ofPods({
      containers: [{ resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } } }],
    }),
  }),
  has('the Service finds each replica on its own, the ones that are not ready too', 'Service', {
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: podLabels, ports: [{ targetPort: 'http' }] },
  }),
  {
    promise: 'everything is in the namespace rekeyd',
    holds: ({ manifests }) => {
      equal(only(manifests, 'Namespace').metadata.name, 'rekeyd');
      const others = manifests.filter(({ kind }) => kind !== 'Namespace');
      deepStrictEqual([...new Set(others.map(({ metadata }) => metadata.namespace))], ['rekeyd']);
    },
  },
  { promise: 'rekeyd check has nothing against the policy', holds: ({ policyFile }) => mustPassCheck(policyFile) },
];
