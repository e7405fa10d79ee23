import type { RandomHex } from './ports.ts';

/** What rekeyd writes into the description of every credential it issues. */
export interface Marker {
  readonly owner: string;
  readonly application: string;
  readonly generation: number;
  /** First 8 hex digits of the hash of Vault cluster, namespace, mount and path. */
  readonly place: string;
  /** When the attempt began, Unix ms in whole seconds, by the clock of the replica that issued. */
  readonly attemptedAt: number;
  /** 8 random hex digits. */
  readonly nonce: string;
}

/** What the marker's pattern has room for. No application gets there; a forged one stays there. */
export const MAX_GENERATION = 999_999_999_999_999;

/** The generation after this one. */
export function nextGeneration(generation: number): number {
  return Math.min(generation + 1, MAX_GENERATION);
}

const pattern =
  /^rekeyd:(?<owner>[a-z0-9-]{1,32})\/(?<application>[a-z0-9][a-z0-9._-]{0,62})\/(?<generation>[1-9]\d{0,14})\/(?<place>[0-9a-f]{8})-(?<seconds>[0-9a-f]{8})(?<nonce>[0-9a-f]{8})$/;

export function newMarker(of: Omit<Marker, 'attemptedAt' | 'nonce'>, now: number, random: RandomHex): Marker {
  return { ...of, attemptedAt: Math.floor(now / 1000) * 1000, nonce: random(4) };
}

export function formatMarker(marker: Marker): string {
  const seconds = (marker.attemptedAt / 1000).toString(16).padStart(8, '0');
  return `rekeyd:${marker.owner}/${marker.application}/${marker.generation}/${marker.place}-${seconds}${marker.nonce}`;
}

/** Strict: a description that is not exactly what `formatMarker` writes is nobody's marker. */
export function parseMarker(description: string): Marker | undefined {
  const groups = pattern.exec(description)?.groups;
  if (!groups) return undefined;
  const { owner = '', application = '', generation = '', place = '', seconds = '', nonce = '' } = groups;
  const attemptedAt = Number.parseInt(seconds, 16) * 1000;
  return { owner, application, generation: Number(generation), place, attemptedAt, nonce };
}

/** Whose a credential can be: one application at one place. */
export interface Bearer {
  readonly owner: string;
  readonly application: string;
  readonly place: string;
}

export function isMarkedFor(marker: Marker | undefined, bearer: Bearer): boolean {
  return marker?.owner === bearer.owner && marker.application === bearer.application && marker.place === bearer.place;
}
