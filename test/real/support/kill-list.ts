import type { Phase } from './fault-proxy.ts';
import type { Step } from './steps.ts';

/** When exactly a process dies at a call. `late`: it arrived, and is delivered long after the process has died. */
export type Moment = Phase | 'late';

export interface Boundary {
  readonly step: Step;
  readonly moment: Moment;
}

/** Where one process is to die: when it passes that boundary for so many times. */
export interface Doom extends Boundary {
  passes: number;
}

/** Calls that a process may make only once or twice; of the others it may live to see a few. */
const RARE: readonly Step[] = ['login', 'list', 'mount', 'lifetime', 'fence', 'adopt', 'take-back'];

/** At which boundaries a process has yet to die. Shared by all that are killed. */
export class KillList {
  readonly #left: Boundary[] = [];
  readonly #deaths = new Map<Step, number>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Each of these steps, at each of these moments, so many times. */
  want(steps: readonly Step[], moments: readonly Moment[], times: number): void {
    for (let time = 0; time < times; time += 1) {
      for (const step of steps) for (const moment of moments) this.#left.push({ step, moment });
    }
  }

  /** What was not reached. */
  get left(): readonly Boundary[] {
    return this.#left;
  }

  /** What one process is to die of; it stays on the list until that has come about. */
  pick(): Doom | undefined {
    const boundary = this.#left[Math.floor(this.#random() * this.#left.length)];
    if (!boundary) return undefined;
    const passes = RARE.includes(boundary.step) ? 1 : 1 + Math.floor(this.#random() * 3);
    return { ...boundary, passes };
  }

  /** How many died at each step: `adopt 9, republish 12`. */
  get deaths(): string {
    const counts = [...this.#deaths].map(([step, count]) => `${step} ${count}`);
    return counts.toSorted().join(', ');
  }

  cross({ step, moment }: Boundary): void {
    this.#deaths.set(step, (this.#deaths.get(step) ?? 0) + 1);
    const at = this.#left.findIndex((one) => one.step === step && one.moment === moment);
    if (at >= 0) this.#left.splice(at, 1);
  }
}

/** Whether a call is now where the process is to die; counts its passes. */
export function meets(doom: Doom, step: Step | undefined, phase: Phase): boolean {
  const moment: Moment = doom.moment === 'late' ? 'arrived' : doom.moment;
  if (doom.step !== step || moment !== phase) return false;
  doom.passes -= 1;
  return doom.passes <= 0;
}
