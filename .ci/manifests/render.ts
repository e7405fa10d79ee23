import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { outputOf, said } from '../programs.ts';
import { ensureGoTool } from '../tools.ts';

const KUSTOMIZE = { command: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.8.1' };
const KUBECTL_VALIDATE = { command: 'sigs.k8s.io/kubectl-validate', version: 'v0.0.4' };
/** The newest Kubernetes whose schemas kubectl-validate carries; others it would have to ask the network for. */
const KUBERNETES = '1.30';

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() });
const manifest = z.looseObject({ kind: z.string(), metadata });
const configMap = z.looseObject({ data: z.record(z.string(), z.string()) });

export type Manifest = z.infer<typeof manifest>;

/** What kustomize made of a folder. */
export interface Rendering {
  readonly text: string;
  readonly manifests: readonly Manifest[];
}

/** Builds both tools unless that was done before. */
export function ensureTools(): void {
  kustomize();
  kubectlValidate();
}

function kustomize(): string {
  return ensureGoTool(KUSTOMIZE.command, KUSTOMIZE.version);
}

function kubectlValidate(): string {
  return ensureGoTool(KUBECTL_VALIDATE.command, KUBECTL_VALIDATE.version);
}

export function render(folder: string): Rendering {
  const text = outputOf(kustomize(), ['build', folder]);
  const manifests = parseAllDocuments(text).map((document) => manifest.parse(document.toJS()));
  return { text, manifests };
}

const verdict = z.looseObject({ status: z.enum(['Success', 'Failure']), message: z.string().default('') });
const report = z.record(z.string(), z.array(verdict));

export type Verdict = z.infer<typeof verdict>;

/**
 * What Kubernetes' own schemas say of manifests: of each, in their order. No cluster is asked, whichever is configured.
 * `crds`: a folder with the definitions of kinds that are not Kubernetes' own.
 */
export function verdictsOn(text: string, scratch: string, crds?: string): readonly Verdict[] {
  const folder = mkdtempSync(join(scratch, 'validate-'));
  const file = join(folder, 'manifests.yaml');
  writeFileSync(file, text);
  const env = { KUBECONFIG: join(folder, 'none') };
  const more = crds === undefined ? [] : ['--local-crds', crds];
  const { out } = said(kubectlValidate(), ['--version', KUBERNETES, '--output', 'json', ...more, file], { env });
  return report.parse(JSON.parse(out))[file] ?? [];
}

/** The one object of a kind. */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...others] = manifests.filter((one) => one.kind === kind);
  if (!found || others.length > 0) throw new Error(`${found ? others.length + 1 : 'no'} ${kind} where one is wanted`);
  return found;
}

/** Leaves the files of the ConfigMap in a folder, as they are mounted, and returns the policy file. */
export function unpackPolicy(manifests: readonly Manifest[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { data } = configMap.parse(only(manifests, 'ConfigMap'));
  for (const [name, content] of Object.entries(data)) writeFileSync(join(folder, name), content);
  return join(folder, 'rekeyd.yaml');
}
