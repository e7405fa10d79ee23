import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { changelog, newestRelease, releasesIn } from '../.ci/changelog.ts';
import { readLockFile } from '../.ci/lock-file.ts';
import { fileOf } from '../.ci/repository.ts';
import { VERSION } from '../src/version.ts';

const read = (file: string): string => readFileSync(fileOf(file), 'utf8');

/** Whatever somebody may deploy from. */
const DEPLOYED = [
  ...['deploy/**/*.{yaml,yml,sh,service,timer,tf,env,md}', 'docker-compose*.{yaml,yml}', 'README.md'],
  ...['docs/*.md', 'Dockerfile'],
];
const deployed = globSync(DEPLOYED, { cwd: fileOf() }).map((file) => [file, read(file)] as const);

describe('the version', () => {
  const manifest = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));

  test('stands in package.json, and rekeyd tells it to whoever asks', () => {
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/);
    expect(VERSION).toBe(manifest.version);
    const said = execFileSync(process.execPath, [fileOf('src/main.ts'), '--version'], { encoding: 'utf8' });
    expect(said.trim()).toBe(manifest.version);
  });

  test('is the one of the lock file', () => {
    const lock = readLockFile();
    expect([lock.version, lock.packages['']?.version]).toEqual([manifest.version, manifest.version]);
  });

  test('is the newest one in the changelog', () => {
    expect(newestRelease(changelog()).version).toBe(manifest.version);
  });

  test('is the one that a deployment or a page names, as the tag of an image or of a release', () => {
    const tags = deployed.flatMap(([file, text]) =>
      [...text.matchAll(/rekeyd\/rekeyd:v?([\w.-]*\w)/g)].map(([, tag]) => `${file}: ${tag}`),
    );
    const verified = [
      ...read('docs/RELEASING.md').matchAll(
        /(?:release\.yml@|--source-ref )refs\/tags\/v(\S+)|rekeyd-(\d\S*)\.(?:tgz|cdx)/g,
      ),
    ].map(([, tag, file]) => `docs/RELEASING.md: ${tag ?? file}`);
    expect(verified.length).toBeGreaterThan(0);
    const kustomized = globSync('deploy/kubernetes/**/kustomization.yaml', { cwd: fileOf() }).flatMap((file) =>
      [...read(file).matchAll(/newTag: ['"]?([^'"\s]+)/g)].map(([, tag]) => `${file}: ${tag}`),
    );
    expect(kustomized.length).toBeGreaterThan(0);
    for (const tag of [...tags, ...verified, ...kustomized]) expect(tag).toMatch(new RegExp(`: ${manifest.version}$`));
  });
});

test('an image that nobody gave a version is labelled with this one', () => {
  expect(read('Dockerfile')).toContain(`ARG VERSION=${VERSION}\n`);
});

describe('the changelog', () => {
  const releases = releasesIn(changelog());

  test('has the form of Keep a Changelog: what is not released first, then each version with its day, newest first', () => {
    const [unreleased, ...released] = releases;
    expect(unreleased).toMatchObject({ version: 'Unreleased', date: undefined });
    expect(released.length).toBeGreaterThan(0);
    for (const { version, date = '' } of released) {
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/);
      expect(new Date(date).toISOString().slice(0, 10), version).toBe(date);
    }
    const days = released.map(({ date }) => date);
    expect(days).toEqual(days.toSorted().toReversed());
    expect(new Set(released.map(({ version }) => version)).size).toBe(released.length);
  });

  test('sorts what changed into the kinds that Keep a Changelog knows', () => {
    const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    const used = releases.flatMap(({ notes }) => [...notes.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind));
    expect(used.length).toBeGreaterThan(0);
    for (const kind of used) expect(kinds).toContain(kind);
  });

  test('is read by its headings, and a heading of another form is not passed over', () => {
    const text = '# Changelog\n\n## [Unreleased]\n\n- x\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- y\n';
    expect(newestRelease(text)).toEqual({ version: '1.2.0', date: '2026-01-02', notes: '### Added\n\n- y' });
    expect(() => releasesIn(text.replace('[1.2.0] -', '1.2.0,'))).toThrow('1.2.0, 2026-01-02');
    expect(() => newestRelease('# Changelog\n\n## [Unreleased]\n')).toThrow('no version is released');
  });
});
