/** Which policy is in force, and the newest file that was refused since. Nothing secret in it. Times are Unix ms. */
export interface PolicyStanding {
  /** When the policy in force was read. */
  readonly loadedAt: number;
  /** Absent where the file, as it is now, is the policy in force. `message` as a `PolicyError` words it. */
  readonly rejected?: { readonly at: number; readonly message: string };
  /** What of the policy in force waits for a restart, in words; absent where nothing does. */
  readonly waitsForRestart?: readonly string[];
}
