import { textOf } from './repository.ts';

/** One version in CHANGELOG.md, which has the form of Keep a Changelog. */
export interface Release {
  readonly version: string;
  /** `2026-11-23`; `undefined` for what is not released yet. */
  readonly date: string | undefined;
  /** The Markdown below its heading. */
  readonly notes: string;
}

const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/;

export const changelog = (): string => textOf('CHANGELOG.md');

/** Every version that has a heading, newest first as they stand there; throws on a heading of another form. */
export function releasesIn(text: string): Release[] {
  const [, ...sections] = text.split(/^(?=## )/m);
  return sections.map((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const [, version, date] = HEADING.exec(heading) ?? [];
    if (version === undefined) throw new Error(`CHANGELOG.md: not a heading of a version: ${heading}`);
    return { version, date, notes: lines.join('\n').trim() };
  });
}

/** The newest version that is released: what stands under `[Unreleased]` is none. */
export function newestRelease(text: string): Release {
  const newest = releasesIn(text).find(({ date }) => date !== undefined);
  if (!newest) throw new Error('CHANGELOG.md: no version is released');
  return newest;
}
