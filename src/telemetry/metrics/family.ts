/** One number, under its labels in their order. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One metric with all its samples, looked up when somebody asks. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Its lines, each with its newline, a bounded number in each text. What is not known has no line. */
  readonly texts: () => Iterable<string>;
}

/** What stands before the lines of a family in the text format of Prometheus. */
export function headOf({ name, type, help }: Omit<Family, 'texts'>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** A family of which there are a few samples. */
export function sampled(about: Omit<Family, 'texts'>, samples: () => Iterable<Sample>): Family {
  return { ...about, texts: () => [...samples()].map(([labels, value]) => lineOf(about.name, labels, value)) };
}

function lineOf(name: string, labels: Sample[0], value: number): string {
  const text = labelsText(labels);
  return `${name}${text && `{${text}}`} ${valueText(value)}\n`;
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

const SPECIAL = /[\\"\n]/;

/** The value of a label as it stands between its quotes. */
export function escaped(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

export function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
