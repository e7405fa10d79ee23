import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Edit, edited, edits } from './edits.ts';
import { nastyText } from './texts.ts';

/** What a server really answered. */
export interface TrueAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Body =
  | { readonly kind: 'edited'; readonly changes: readonly Edit[] }
  | { readonly kind: 'cut' | 'garbled'; readonly at: number }
  | { readonly kind: 'replaced'; readonly text: string }
  | { readonly kind: 'true' | 'bom' | 'gzip' | 'utf16' };

/** What becomes of a true answer on its way. */
export interface Mangling {
  /** `undefined`: the true one. */
  readonly status: number | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Body;
  readonly length: 'right' | 'short' | 'long' | 'none' | 'chunked' | 'bad-chunks' | 'nonsense' | 'twice';
}

const STATUSES = [
  200, 200, 201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 408, 409, 412, 429, 472, 500, 501, 502, 503,
];

const bodies: fc.Arbitrary<Body> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('edited' as const), changes: edits }) },
  fc.record({
    kind: fc.constantFrom('cut' as const, 'garbled' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('replaced' as const), text: nastyText }),
  fc.record({
    kind: fc.constant('replaced' as const),
    text: fc.constantFrom(
      '',
      '{}',
      '[]',
      'null',
      '{"errors":[]}',
      '{"errors":["\u001b[2J"]}',
      '<html>\u009b31m</html>',
      '{"data":{}}',
    ),
  }),
  fc.record({ kind: fc.constantFrom('true' as const, 'bom' as const, 'gzip' as const, 'utf16' as const) }),
);

const headers: fc.Arbitrary<readonly (readonly [string, string])[]> = fc.array(
  fc.oneof(
    fc.constantFrom<[string, string][]>(
      ['content-type', 'text/html\u009b2J'],
      ['content-type', `x/${'y'.repeat(3_000)}`],
      ['content-encoding', 'gzip'],
      ['location', 'http://127.0.0.1:1/elsewhere'],
      ['retry-after', '9'.repeat(300)],
      ['retry-after', '-5'],
      ['retry-after', 'Sat, 13 Sep 275760 00:00:00 GMT'],
      ['date', 'Sat, 13 Sep 275760 00:00:00 GMT'],
      ['date', 'Fri, 31 Dec 9999 23:59:59 GMT'],
      ['date', '5'],
      ['date', ''],
      ['__proto__', 'polluted'],
      ['x-long', 'z'.repeat(70_000)],
      ['connection', 'upgrade'],
    ),
  ),
  { maxLength: 2 },
);

export const manglings: fc.Arbitrary<Mangling> = fc.record({
  status: fc.option(fc.constantFrom(...STATUSES), { nil: undefined, freq: 2 }),
  headers,
  body: bodies,
  length: fc.oneof(
    { weight: 12, arbitrary: fc.constant('right' as const) },
    fc.constantFrom('short' as const, 'long' as const, 'none' as const, 'chunked' as const, 'bad-chunks' as const),
    fc.constantFrom('nonsense' as const, 'twice' as const),
  ),
});

/** Only what a body says is changed, so that nothing but understanding it is tried. */
export const misstatements: fc.Arbitrary<Mangling> = edits.map((changes) => {
  return { status: undefined, headers: [], body: { kind: 'edited', changes }, length: 'right' };
});

/** The bytes that go out instead of a true answer. */
export function mangled(truth: TrueAnswer, { status = truth.status, headers, body, length }: Mangling): Buffer {
  const bytes = bodyOf(truth.body, body);
  const kept = Object.entries(truth.headers).filter(
    ([name]) => !['content-length', 'transfer-encoding', 'connection', 'keep-alive'].includes(name),
  );
  const changed = new Map([...kept, ...headers]);
  const head = [...changed].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const [lengths, framed] = framing(bytes, length);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${head}${lengths}\r\n`, 'latin1'), framed]);
}

function bodyOf(text: string, body: Body): Buffer {
  switch (body.kind) {
    case 'edited':
      return Buffer.from(edited(text, body.changes));
    case 'cut':
      return Buffer.from(text).subarray(0, Math.floor(text.length * body.at));
    case 'garbled': {
      const at = Math.floor(text.length * body.at);
      return Buffer.concat([
        Buffer.from(text.slice(0, at)),
        Buffer.from([0xc3, 0x28, 0xff, 0]),
        Buffer.from(text.slice(at)),
      ]);
    }
    case 'replaced':
      return Buffer.from(body.text);
    case 'bom':
      return Buffer.from(`\ufeff${text}`);
    case 'gzip':
      return gzipSync(text);
    case 'utf16':
      return Buffer.from(text, 'utf16le');
    case 'true':
      return Buffer.from(text);
  }
}

function framing(body: Buffer, length: Mangling['length']): [string, Buffer] {
  const says = (bytes: number | string) => `content-length: ${bytes}\r\n`;
  const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  const framings: Record<Mangling['length'], [string, Buffer]> = {
    right: [says(body.length), body],
    short: [says(Math.max(0, body.length - 3)), body],
    long: [says(body.length + 7), body],
    none: ['', body],
    chunked: ['transfer-encoding: chunked\r\n', body.length === 0 ? Buffer.from('0\r\n\r\n') : chunk],
    'bad-chunks': ['transfer-encoding: chunked\r\n', Buffer.concat([Buffer.from('zz\r\n'), body])],
    nonsense: [says('-1'), body],
    twice: [says(body.length) + says(body.length + 1), body],
  };
  return framings[length];
}
