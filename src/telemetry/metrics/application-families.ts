import { escaped, type Family, labelsText, valueText } from './family.ts';
import { GAUGES, type Moment } from './moment.ts';
import type { Tally } from './tally.ts';

export type RotationResult = 'done' | 'failed' | 'blocked';

/**
 * One sample for each application, or a few: what there is of each of them. A million lines for 100,000 applications:
 * each is put together in one go, for what is left behind must be collected as garbage, which costs most of all.
 */
export function applicationFamilies(moment: Moment, rotations: Tally<RotationResult>): readonly Family[] {
  return [
    infoFamily(moment),
    stateFamily(moment),
    troubleFamily(moment),
    ...GAUGES.map((gauge, index) => gaugeFamily(gauge, moment, index)),
    rotationFamily(moment, rotations),
  ];
}

/** A longer text outlives the next collection of garbage. */
const ROWS_AT_ONCE = 50;

/** `line`: what there is to say of one of so many rows. */
function* textsOf(rows: number, line: (row: number) => string): Generator<string> {
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    let text = '';
    for (let row = from; row < Math.min(from + ROWS_AT_ONCE, rows); row += 1) text += line(row);
    yield text;
  }
}

function gaugeFamily({ name, help }: Pick<Family, 'name' | 'help'>, moment: Moment, index: number): Family {
  const { labels } = moment;
  const begin = `${name}{application="`;
  const line = (row: number) => {
    const known = moment.gauge(index, row);
    return known === undefined ? '' : `${begin}${labels[row]}"} ${valueText(known)}\n`;
  };
  return { name, help, type: 'gauge', texts: () => textsOf(labels.length, line) };
}

function infoFamily({ labels, issuers, paths }: Moment): Family {
  const name = 'rekeyd_application_info';
  const line = (row: number) => {
    const [issuer, path] = [escaped(issuers[row] ?? ''), escaped(paths[row] ?? '')];
    return `${name}{application="${labels[row]}",issuer="${issuer}",path="${path}"} 1\n`;
  };
  return {
    name,
    help: 'Always 1: the issuer of the application and the path of its secret.',
    type: 'gauge',
    texts: () => textsOf(labels.length, line),
  };
}

function stateFamily({ labels, states }: Moment): Family {
  const name = 'rekeyd_application_state';
  const line = (row: number) => `${name}{application="${labels[row]}",state="${states[row]}"} 1\n`;
  return {
    name,
    help: 'Always 1: the state that the application is in.',
    type: 'gauge',
    texts: () => textsOf(labels.length, line),
  };
}

function troubleFamily({ troubles }: Moment): Family {
  const name = 'rekeyd_application_trouble';
  const line = (row: number) => `${name}{${labelsText(troubles[row] ?? {})}} 1\n`;
  return {
    name,
    help: 'Always 1: what stands in the way of an application, or is worth a look (kind notice), by kind and stable code.',
    type: 'gauge',
    texts: () => textsOf(troubles.length, line),
  };
}

function rotationFamily({ names, labels }: Moment, rotations: Tally<RotationResult>): Family {
  const name = 'rekeyd_rotations_total';
  const line = (row: number) => {
    let text = '';
    for (const [result, count] of rotations.of(names[row] ?? '')) {
      text += `${name}{application="${labels[row]}",result="${result}"} ${count}\n`;
    }
    return text;
  };
  return { name, help: 'Rotations by how they ended.', type: 'counter', texts: () => textsOf(names.length, line) };
}
