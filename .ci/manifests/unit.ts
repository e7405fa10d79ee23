/** A setting of a systemd unit: its section, its name, its value. One that is set several times is there as often. */
export interface Setting {
  readonly section: string;
  readonly name: string;
  readonly value: string;
}

/** The settings of a systemd unit file, in their order. Of continued lines, which ours have not, it knows nothing. */
export function settingsOf(text: string): readonly Setting[] {
  let section = '';
  const settings: Setting[] = [];
  for (const line of text.split('\n')) {
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (name !== undefined && value !== undefined) settings.push({ section, name, value });
  }
  return settings;
}

/** The values of one setting. */
export function valuesOf(settings: readonly Setting[], name: string): readonly string[] {
  return settings.filter((setting) => setting.name === name).map(({ value }) => value);
}
