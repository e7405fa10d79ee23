import type { Outcome } from '../rotation/outcome.ts';
import type { Amendment } from '../rotation/rotator.ts';
import { chosenApplications } from './ready-policy.ts';
import { withReplica } from './replica.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { wrongsText } from './wrongs.ts';

/** A change of one application's record that needs no question. */
interface Amend {
  readonly config: string;
  readonly application: string;
  readonly amendment: Amendment;
  /** What to say once the record says so. */
  readonly done: (outcome: Outcome) => string;
}

/** Writes an amendment and says how that ended. Exit code 1 where the record does not say so now. */
export function amendCommand({ config, application, amendment, done }: Amend, terminal: Terminal): Promise<number> {
  return withReplica(config, terminal, async ({ policy, rotator }) => {
    chosenApplications(policy, [application]);
    const { outcome, stands } = await rotator.amend(application, amendment);
    terminal.write(stands ? `${application}: ${done(outcome)}\n` : wrongsText([outcome], policy, terminal));
    return stands ? EXIT.done : EXIT.failed;
  });
}
