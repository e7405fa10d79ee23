import { readFileSync } from 'node:fs';

/**
 * Loaded into a program before anything else (`--import`): its wall clock is the machine's plus so many milliseconds as
 * the file says that SHIFTED_CLOCK names. The file is read again all the time, so the clock can be set while the program
 * runs. Timers and `performance` go on as they were, as they do where somebody sets a machine's clock.
 */
const file = process.env['SHIFTED_CLOCK'] ?? '';
const READ_AGAIN_MS = 20;

const MachineDate = globalThis.Date;
let shiftMs = readShift();

function readShift(): number {
  const shift = Number(readFileSync(file, 'utf8'));
  if (Number.isNaN(shift)) throw new Error(`${file} does not say by how many milliseconds the clock is shifted`);
  return shift;
}

const now = (): number => MachineDate.now() + shiftMs;

const ShiftedDate = new Proxy(MachineDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self) as Date,
  apply: () => new MachineDate(now()).toString(),
  get: (target, name, self) => (name === 'now' ? now : Reflect.get(target, name, self)),
});
MachineDate.prototype.constructor = ShiftedDate;
globalThis.Date = ShiftedDate;

setInterval(() => {
  shiftMs = readShift();
}, READ_AGAIN_MS).unref();
