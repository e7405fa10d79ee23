import {
  applicationFindings,
  applicationWarnings,
  type Finding,
  type Outlook,
  outlooks,
} from './application-checks.ts';
import type { PolicyDocument } from './document.ts';
import { isGiven, isOwn, soundPart } from './given.ts';
import { type Merge, merging } from './merge.ts';
import { type Place, placeText } from './mistakes.ts';
import { didYouMean } from './nearest.ts';
import type { ApplicationPolicy, PolicyWarning } from './policy.ts';
import type { RawApplication, RawDefaults } from './schema-applications.ts';

/** What applications lean on in the main file. */
export interface Surroundings {
  readonly issuers: readonly string[];
  /** The KV mount that paths are below. */
  readonly mount: string;
  /** The main file, whose `defaults` a finding may be about. */
  readonly main: PolicyDocument;
  readonly defaults: RawDefaults;
  /** Unix ms: dates are looked for from here. */
  readonly now: number;
}

/** Collects the applications of one file after another; what is wrong is noted in the file it stands in. */
export class ApplicationReader {
  readonly applications = new Map<string, ApplicationPolicy>();
  readonly warnings: PolicyWarning[] = [];
  readonly #surroundings: Surroundings;
  readonly #outlookOf: (application: ApplicationPolicy) => Outlook;
  readonly #merge: Merge;
  readonly #issuers: ReadonlySet<string>;
  /** Where each name and each path was first. */
  readonly #names = new Map<string, PolicyDocument>();
  readonly #paths = new Map<string, ApplicationPolicy>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#outlookOf = outlooks(surroundings.now);
    this.#merge = merging(surroundings.defaults);
    this.#issuers = new Set(surroundings.issuers);
  }

  /** A file whose content the schema has judged. */
  read(document: PolicyDocument): void {
    const content = document.content as { readonly applications?: unknown } | null | undefined;
    const applications = content?.applications;
    if (typeof applications !== 'object' || applications === null || Array.isArray(applications)) return;
    for (const [name, raw] of Object.entries(applications)) {
      this.#noteName(document, name);
      if (typeof raw === 'object' && raw !== null) this.#readOne(document, name, raw as RawApplication);
    }
  }

  /** Judges what is sound in an application, so that one mistake does not hide the next. */
  #readOne(document: PolicyDocument, name: string, raw: RawApplication): void {
    const isSound = (...keys: readonly string[]) => document.isSound('applications', name, ...keys);
    const own = Object.keys(raw).every((key) => isSound(key)) ? raw : soundPart(raw, isSound);
    const application = this.#merge(name, own);
    if (isSound('issuer')) this.#checkIssuer(document, application);
    if (isSound('path')) this.#checkPath(document, application);
    for (const finding of applicationFindings(application, this.#outlookOf(application))) {
      const isKnown = finding.keys.every((keys) => isSound(...keys) && (isOwn(own, keys) || this.#isInheritable(keys)));
      if (isKnown) this.#report(document, name, own, finding);
    }
    this.warnings.push(...applicationWarnings(application, this.#surroundings.mount));
    this.applications.set(name, application);
  }

  /** Where things stand is asked for only where something is wrong: to find that out a file is parsed once more. */
  #noteName(document: PolicyDocument, name: string): void {
    const first = this.#names.get(name);
    if (!first) {
      this.#names.set(name, document);
      return;
    }
    const place = document.place(['applications', name], 'key');
    const other = first === document ? place : first.place(['applications', name], 'key');
    document.report(['applications', name], `is already at ${placeText(other)}; keep one of them`, place);
  }

  #checkIssuer(document: PolicyDocument, { name, issuer }: ApplicationPolicy): void {
    const { issuers } = this.#surroundings;
    if (this.#issuers.has(issuer)) return;
    const known = issuers.length === 0 ? 'there are none' : `there are ${issuers.join(', ')}`;
    const hint = didYouMean(issuer, issuers) || `; ${known}`;
    document.report(['applications', name, 'issuer'], `no issuer is named ${JSON.stringify(issuer)}${hint}`);
  }

  #checkPath(document: PolicyDocument, application: ApplicationPolicy): void {
    const { name, path } = application;
    const other = this.#paths.get(path);
    if (!other) {
      this.#paths.set(path, application);
      return;
    }
    const place = this.#placeOfPath(other);
    const message = `${JSON.stringify(path)} is already the path of ${other.name} (${placeText(place)}); each application needs its own`;
    const own = document.place(['applications', name, 'path']);
    // an alias has no place of its own for what it leads to
    const isAlias = placeText(own) === placeText(place);
    document.report(
      ['applications', name, 'path'],
      message,
      isAlias ? document.place(['applications', name], 'key') : own,
    );
  }

  #placeOfPath({ name }: ApplicationPolicy): Place {
    const document = this.#names.get(name) ?? this.#surroundings.main;
    return document.place(['applications', name, 'path']);
  }

  /** Whether what an application inherits about a key is what the policy means. */
  #isInheritable(keys: readonly string[]): boolean {
    return this.#surroundings.main.isSound('defaults', ...keys);
  }

  /** Where a finding is about something inherited, it is noted (once) where the defaults say it. */
  #report(document: PolicyDocument, name: string, raw: RawApplication, { keys, message }: Finding): void {
    const { main, defaults } = this.#surroundings;
    const own = keys.find((key) => isGiven(raw, key));
    const inherited = keys.find((key) => !isOwn(raw, key) && isGiven(defaults, key));
    if (own) document.report(['applications', name, ...own], `${message}${this.#originText(inherited)}`);
    else if (inherited) main.report(['defaults', ...inherited], message);
    else document.report(['applications', name], message, document.place(['applications', name], 'key'));
  }

  /** Whoever looks at the application does not see what it inherits. */
  #originText(inherited: readonly string[] | undefined): string {
    if (!inherited) return '';
    const place = this.#surroundings.main.place(['defaults', ...inherited]);
    return `; ${inherited.join('.')} comes from defaults (${placeText(place)})`;
  }
}
