import type { Family, Sample } from './family.ts';
import { GAUGES, type Moment } from './moment.ts';
import type { Tally } from './tally.ts';

export type RotationResult = 'done' | 'failed' | 'blocked';

/** One sample for each application, or a few: what there is of each of them. */
export function applicationFamilies(moment: Moment, rotations: Tally<RotationResult>): readonly Family[] {
  return [
    infoFamily(moment),
    stateFamily(moment),
    troubleFamily(moment),
    ...GAUGES.map((gauge, index) => gaugeFamily(gauge, moment, index)),
    rotationFamily(moment, rotations),
  ];
}

function gaugeFamily({ name, help }: Pick<Family, 'name' | 'help'>, moment: Moment, index: number): Family {
  function* samples(): Generator<Sample> {
    for (const [row, application] of moment.names.entries()) {
      const known = moment.gauge(index, row);
      if (known !== undefined) yield [[application], known];
    }
  }
  return { name, help, type: 'gauge', labels: ['application'], samples };
}

function infoFamily({ names, issuers, paths }: Moment): Family {
  function* samples(): Generator<Sample> {
    for (const [row, application] of names.entries()) yield [[application, issuers[row] ?? '', paths[row] ?? ''], 1];
  }
  return {
    name: 'rekeyd_application_info',
    help: 'Always 1: the issuer of the application and the path of its secret.',
    type: 'gauge',
    labels: ['application', 'issuer', 'path'],
    samples,
  };
}

function stateFamily({ names, states }: Moment): Family {
  function* samples(): Generator<Sample> {
    for (const [row, application] of names.entries()) yield [[application, states[row] ?? ''], 1];
  }
  return {
    name: 'rekeyd_application_state',
    help: 'Always 1: the state that the application is in.',
    type: 'gauge',
    labels: ['application', 'state'],
    samples,
  };
}

function troubleFamily({ troubles }: Moment): Family {
  return {
    name: 'rekeyd_application_trouble',
    help: 'Always 1: what stands in the way of an application, or is worth a look (kind notice), by kind and stable code.',
    type: 'gauge',
    labels: ['application', 'kind', 'code'],
    samples: () => troubles.map((trouble) => [trouble, 1]),
  };
}

function rotationFamily({ names }: Moment, rotations: Tally<RotationResult>): Family {
  function* samples(): Generator<Sample> {
    for (const application of names) {
      for (const [result, count] of rotations.of(application)) yield [[application, result], count];
    }
  }
  return {
    name: 'rekeyd_rotations_total',
    help: 'Rotations by how they ended.',
    type: 'counter',
    labels: ['application', 'result'],
    samples,
  };
}
