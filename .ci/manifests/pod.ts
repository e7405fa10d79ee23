import { z } from 'zod';
import { type Manifest, only } from './render.ts';

const probe = z.looseObject({ httpGet: z.looseObject({ path: z.string(), port: z.string() }) });

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.literal(true) })),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
});

const volume = z.looseObject({ name: z.string() });

const deployment = z.looseObject({
  spec: z.looseObject({
    selector: z.unknown(),
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.number(),
        containers: z.tuple([container]),
        volumes: z.array(volume),
      }),
    }),
  }),
});

/** The pods of the Deployment: their labels, their specification, and the one container in them. */
export function podOf(manifests: readonly Manifest[]) {
  const { selector, template } = deployment.parse(only(manifests, 'Deployment')).spec;
  const [container] = template.spec.containers;
  return { selector, labels: template.metadata.labels, spec: template.spec, container };
}

/** The value of an environment variable of the container. */
export function variable(manifests: readonly Manifest[], name: string): string {
  const value = podOf(manifests).container.env.find((one) => one.name === name)?.value;
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
