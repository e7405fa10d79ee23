/** What a record says that tells one write from another. */
export interface RecordSeen {
  readonly generation: number;
  readonly schedule: string;
  readonly credential: { readonly id: string; readonly adopted?: boolean } | null;
  readonly fields?: Readonly<Record<string, string>>;
  readonly endpoint?: string;
  readonly region?: string;
}

/** The record in what is sent to Vault (`data`) or answered by it (`data.data`); `undefined` where there is none. */
export function recordIn(body: Buffer): RecordSeen | undefined {
  try {
    const { data } = JSON.parse(body.toString()) as { data: { rekeyd?: string; data?: { rekeyd: string } } };
    return JSON.parse(data.data?.rekeyd ?? data.rekeyd ?? '') as RecordSeen;
  } catch {
    return undefined;
  }
}

/** The credential id in what GleSYS answers to an issue, or is sent to delete one. */
export function idIn(body: Buffer): string | undefined {
  return /"(?:id|credentialid)":\s*"([^"]+)"/.exec(body.toString())?.[1];
}

/** The access key id in what GleSYS answers to an issue. */
export function accessKeyIn(body: Buffer): string | undefined {
  return /"accesskey":\s*"([^"]+)"/.exec(body.toString())?.[1];
}
