import { partialDeepStrictEqual } from 'node:assert/strict';
import { type Manifest, only } from './render.ts';

/** One rendering, and its policy as a pod finds it. */
export interface Build {
  readonly manifests: readonly Manifest[];
  readonly policyFile: string;
}

/** Something that manifests promise, as a sentence; `holds` throws where it does not. */
export interface ManifestPromise {
  readonly promise: string;
  readonly holds: (build: Build) => unknown;
}

/** A promise that the one object of a kind has at least these members with these values. */
export function has(promise: string, kind: string, members: Readonly<Record<string, unknown>>): ManifestPromise {
  return { promise, holds: ({ manifests }) => partialDeepStrictEqual(only(manifests, kind), members) };
}

/** The specification of the pods, as a member of the Deployment. */
export function ofPods(spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { spec: { template: { spec } } };
}
