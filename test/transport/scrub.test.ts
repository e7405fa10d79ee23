import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { showable } from '../../src/transport/scrub.ts';

describe("a server's words", () => {
  it('are shown on one line, without control characters', () => {
    expect(showable('2 errors:\n\t* no\u001b[31m\r\n * never\u2028')).toBe('2 errors: * no [31m * never');
  });

  it('are cut to 200 characters', () => {
    expect(showable('x'.repeat(500))).toBe(`${'x'.repeat(200)}…`);
  });

  it('hide a secret that the cut would have left a piece of', () => {
    const secret = 's3cr3t'.repeat(10);
    expect(showable(`${'x'.repeat(190)}${secret}`, [new Secret(secret)])).not.toContain('s3c');
  });

  it('hide the longer of two secrets whole, where one begins with the other', () => {
    expect(showable('abcdef', [new Secret('abc'), new Secret('abcdef')])).toBe('[secret]');
  });

  it('are left as they are by an empty secret', () => {
    expect(showable('as it is', [new Secret('')])).toBe('as it is');
  });
});
