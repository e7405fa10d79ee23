import { expect } from 'vitest';
import { poll } from '../../support/poll.ts';
import { type Account, openAccount } from './account.ts';
import type { Daemon, LineLike, LogLine } from './daemon.ts';
import { Person } from './person.ts';
import { pathOf } from './record.ts';
import { S3Consumer } from './s3-consumer.ts';
import type { Setting } from './setting.ts';
import { StoryKey } from './story-key.ts';
import { TraceCounter } from './traces.ts';
import { PATIENCE_MS, type PolicyWords, type Shown, shownBy, untilQuiet, Workplace } from './workplace.ts';

/** What the log calls a refusal, and one that somebody wanted. */
const [REFUSED, OUT_OF_SERVICE] = ['application.refused', 'application.out_of_service'] as const;

type Members = Readonly<Record<string, unknown>>;

/** What the stories of one file share, and end with. */
export class Book {
  readonly setting: Setting;
  readonly person: Person;
  readonly traces: TraceCounter;
  readonly account: Account;
  /** Codes of the refusals that were shown. */
  readonly refused = new Set<string>();
  readonly #ends = new Map<string, PolicyWords>();

  private constructor(setting: Setting, account: Account) {
    this.setting = setting;
    this.account = account;
    this.person = new Person(setting);
    this.traces = new TraceCounter(setting);
  }

  /** `applications`: of all its stories. */
  static async open(setting: Setting, name: string, applications: readonly string[]): Promise<Book> {
    return new Book(setting, await openAccount(setting, name, applications));
  }

  noteEnd(name: string, words: PolicyWords): void {
    this.#ends.set(name, words);
  }

  /** One daemon over everything as the stories left it, until all graces are over; then the account. */
  async close(): Promise<void> {
    const ends = [...this.#ends.values()];
    const all = <T>(pick: (end: PolicyWords) => Readonly<Record<string, T>>) =>
      Object.assign({}, ...ends.map(pick)) as Record<string, T>;
    const words = { applications: all((end) => end.applications), moreIssuers: all((end) => end.moreIssuers ?? {}) };
    const workplace = await Workplace.open(this.setting, 'account', words);
    const daemon = workplace.daemon();
    await this.account.settled(PATIENCE_MS);
    for (const name of Object.keys(words.applications)) await untilQuiet(daemon, name);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    for (const event of ['application.refused', 'rotation.failed']) expect(daemon.lines({ event })).toEqual([]);
    await this.account.close();
  }
}

/** One application of a policy with a daemon, with somebody who uses its key, and a person who does things to its secret. */
export class Story {
  readonly book: Book;
  readonly name: string;
  readonly place: Workplace;
  readonly key: StoryKey;
  #words: PolicyWords;
  #daemon: Daemon;

  private constructor(book: Book, place: Workplace, words: PolicyWords) {
    this.book = book;
    this.name = place.name;
    this.place = place;
    this.key = new StoryKey(book.setting.vault, () => this.path);
    this.#words = words;
    this.#daemon = place.daemon();
  }

  /** A daemon runs on its policy. `more`: of the policy's application. */
  static async open(book: Book, name: string, more: Members = {}, words: Partial<PolicyWords> = {}): Promise<Story> {
    const applications = { [name]: { issuer: 'sto1', path: pathOf(name), ...more } };
    const all = { ...words, applications };
    return new Story(book, await Workplace.open(book.setting, name, all), all);
  }

  /** The same with its first credential, which somebody uses. */
  static async managed(book: Book, name: string, more: Members = {}, words: Partial<PolicyWords> = {}): Promise<Story> {
    const story = await Story.open(book, name, more, words);
    await story.until({ event: 'rotation.done' });
    await story.use();
    return story;
  }

  /** Where the policy has it. */
  get path(): string {
    return String(this.#words.applications[this.name]?.['path']);
  }

  get daemon(): Daemon {
    return this.#daemon;
  }

  get person(): Person {
    return this.book.person;
  }

  /** The first line of the daemon that is like this, waited for. */
  until(like: LineLike): Promise<LogLine> {
    return this.#daemon.until(like, undefined, PATIENCE_MS);
  }

  /** From now on somebody uses the key that stands in Vault. */
  async use(): Promise<void> {
    await this.key.readAnew();
    this.book.account.watch(new S3Consumer(this.name, this.key.source, { pauseMs: 500 }));
  }

  /** The daemon ends, and starts with another policy. */
  async restart(more: Members, words: Partial<PolicyWords> = {}): Promise<void> {
    await this.stop();
    const own = { ...this.#words.applications[this.name], ...more };
    this.#words = { ...this.#words, ...words, applications: { [this.name]: own } };
    await this.start();
  }

  async start(): Promise<void> {
    await this.place.write(this.#words);
    this.#daemon = this.place.daemon();
  }

  async stop(): Promise<void> {
    expect(await this.#daemon.stop()).toEqual({ code: 0, signal: null });
    expect(this.#daemon.lines({ event: 'rotation.failed' })).toEqual([]);
  }

  /** What is still in its grace ends in the account. */
  async end(): Promise<void> {
    await this.stop();
    this.book.noteEnd(this.name, this.#words);
  }

  /**
   * The refusal shows in the log, in `status --json` and in the exit code of `run --once`, and neither those nor the
   * daemon touch anything. Returns the remedy.
   */
  async refused(code: string): Promise<string> {
    const before = await this.#traces();
    await this.until({ event: code === 'retired' ? OUT_OF_SERVICE : REFUSED, application: this.name, code });
    const [shown, once] = await Promise.all([this.place.status(this.name), this.place.rekeyd('run', '--once')]);
    expect(shown).toMatchObject({ state: 'refused', trouble: { kind: 'refused', code } });
    expect(once.code, once.words).toBe(1);
    expect(once.words).toContain(`${this.name}: refused: ${code}`);
    expect(await this.#traces()).toEqual(before);
    this.book.refused.add(code);
    return shown.trouble?.remedy ?? '';
  }

  /** Types the command that a remedy names, word for word. The key in use lives on through its grace. */
  async obey(remedy: string): Promise<void> {
    const [command = ''] = /rekeyd rotate \S+( --despite [a-z-]+)+/.exec(remedy) ?? [];
    expect(command, remedy).not.toBe('');
    const used = this.key.accessKeyId;
    const isAlive = await this.lives(used);
    const [, ...args] = command.split(' ');
    const ended = await this.place.rekeyd(...args);
    expect(ended.words).toContain(`${this.name}: rotated to generation`);
    expect(ended.code, ended.words).toBe(0);
    expect(await this.lives(used)).toBe(isAlive);
    await this.key.readAnew();
  }

  /** It is out of trouble, and works. */
  async recovered(): Promise<Shown> {
    await this.until({ event: 'application.recovered', application: this.name });
    return this.works();
  }

  /** The daemon sees what stands in Vault and is content with it; it lives, and whoever uses it has read it. */
  async works(): Promise<Shown> {
    await this.key.readAnew();
    const shown = await poll(`the daemon to be content with ${this.name}`, PATIENCE_MS, async () => {
      const seen = await shownBy(this.#daemon, this.name);
      const isContent = seen.state === 'current' || seen.state === 'in-grace';
      return isContent && seen.current?.access_key_id === this.key.accessKeyId ? seen : undefined;
    });
    expect(await this.lives(this.key.accessKeyId)).toBe(true);
    return shown;
  }

  /** Whether the IAM itself knows a key. */
  async lives(accessKeyId: string): Promise<boolean> {
    // users come and go while they are listed: then it is asked again
    const live = await poll('the IAM to list its keys', PATIENCE_MS, () => this.book.setting.ring.liveAccessKeyIds());
    return live.has(accessKeyId);
  }

  #traces() {
    return this.book.traces.of(this.name, this.path);
  }
}
