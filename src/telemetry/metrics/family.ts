/** One number, under the values of its family's labels in their order. */
export type Sample = readonly [labels: readonly string[], value: number];

/** One metric with all its samples, looked up when somebody asks. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  /** What is not known has no sample. */
  readonly samples: () => Iterable<Sample>;
}

/** So many lines are made in one go: a few milliseconds. With 100,000 applications there are a million. */
const LINES_AT_ONCE = 1_000;

/** A family in the text format of Prometheus, in pieces of a bounded number of lines, each with its newline. */
export function* linesOf(family: Family): Generator<string> {
  const { name, type, help } = family;
  let piece = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  let lines = 0;
  for (const [labels, value] of family.samples()) {
    piece += `${name}${labelsText(family.labels, labels)} ${valueText(value)}\n`;
    lines += 1;
    if (lines % LINES_AT_ONCE > 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function labelsText(names: readonly string[], values: readonly string[]): string {
  let text = '';
  // a million lines: nothing is made here that is thrown away again
  for (let index = 0; index < names.length; index += 1) {
    text += `${index === 0 ? '{' : ','}${names[index]}="${escaped(values[index] ?? '')}"`;
  }
  return text === '' ? '' : `${text}}`;
}

const SPECIAL = /[\\"\n]/;

function escaped(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
