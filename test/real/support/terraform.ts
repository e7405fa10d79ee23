import { readFile } from 'node:fs/promises';

/** What a resource sets, in its own words: `token_ttl` → `var.token_ttl`. */
export type Settings = Readonly<Record<string, string>>;

const META = ['count', 'depends_on'];

/**
 * The settings of the one resource of this type in a file as `terraform fmt` leaves it. Throws where there is not
 * exactly one.
 */
export async function resourceIn(file: string, type: string): Promise<Settings> {
  const found = [...(await readFile(file, 'utf8')).matchAll(/^resource "(\w+)" "\w+" \{\n(.*?)^\}/gms)];
  const [body, ...more] = found.filter(([, itsType]) => itsType === type).map(([, , text]) => text);
  if (body === undefined || more.length > 0) throw new Error(`${file} has not exactly one ${type}`);
  const settings = [...body.matchAll(/^ {2}(\w+) += (.+)$/gm)].map(([, name = '', value = '']) => [name, value]);
  return Object.fromEntries(settings.filter(([name]) => !META.includes(name ?? '')));
}

/** The default of `var.NAME` or `var.OBJECT.NAME`, as JSON has it. Throws where there is none. */
export async function defaultOf(file: string, variable: string): Promise<unknown> {
  const [, name = '', member] = variable.split('.');
  const text = await readFile(file, 'utf8');
  const block = new RegExp(`^variable "${name}" \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
  const said =
    member === undefined
      ? /^ {2}default += +(.+)$/m.exec(block)
      : new RegExp(`^ {4}${member} += optional\\(\\w+, (.+)\\)$`, 'm').exec(block);
  if (!said?.[1]) throw new Error(`${file} has no default of ${variable}`);
  return JSON.parse(said[1]);
}
