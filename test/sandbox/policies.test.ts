import { describe, expect, it } from 'vitest';
import { PolicyBook } from '../../src/sandbox/vault/policies.ts';

function capabilities(path: string, ...rules: readonly (readonly [string, string])[]): readonly string[] {
  const book = new PolicyBook();
  book.set('p', rules.map(([pattern, one]) => `path "${pattern}" { capabilities = ["${one}"] }`).join('\n'));
  return book.capabilities(['p'], path);
}

/** The order in which Vault's documentation lets one of several fitting paths win. */
describe('Vault policies', () => {
  it.each([
    ['an exact path before a prefix', 'a/b', ['a/*', 'read'], ['a/b', 'list'], 'list'],
    ['a longer prefix before a shorter one', 'a/b/c', ['a/*', 'read'], ['a/b/*', 'list'], 'list'],
    ['a later wildcard before an earlier one', 'a/b/c', ['+/b/c', 'read'], ['a/+/c', 'list'], 'list'],
    ['no glob at the end before one', 'a/b/c', ['a/+/*', 'read'], ['a/+/c', 'list'], 'list'],
  ] as const)('prefer %s', (_what, path, one, other, winner) => {
    expect(capabilities(path, one, other)).toEqual([winner]);
    expect(capabilities(path, other, one)).toEqual([winner]);
  });

  it('unite what several policies say of the same path', () => {
    const book = new PolicyBook();
    book.set('one', 'path "a/*" { capabilities = ["read"] }');
    book.set('two', 'path "a/*" { capabilities = ["create", "read"] }');
    expect(book.capabilities(['one', 'two'], 'a/b')).toEqual(['create', 'read']);
  });

  it('skip comments and blank lines', () => {
    const book = new PolicyBook();
    book.set('p', '# a\n\n  // b\npath "a" {\n  # c\n  capabilities = ["read"]\n}\n');
    expect(book.capabilities(['p'], 'a')).toEqual(['read']);
  });

  it('that are no policy are refused', () => {
    expect(() => new PolicyBook().set('p', 'path "a" { capabilities = ["read"] } path {')).toThrow(
      'failed to parse policy',
    );
  });
});
