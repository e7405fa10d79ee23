import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMarker, isMarkedFor, newMarker, parseMarker } from '../../src/rotation/marker.ts';
import { BEARER, NOW } from './scene.ts';

const markers = fc.record({
  owner: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  application: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  generation: fc.integer({ min: 1, max: 999_999_999_999 }),
  place: fc.stringMatching(/^[0-9a-f]{8}$/),
  attemptedAt: fc.integer({ min: 0, max: 0xffffffff }).map((seconds) => seconds * 1000),
  nonce: fc.stringMatching(/^[0-9a-f]{8}$/),
});

test('a marker reads back as it was written', () => {
  fc.assert(
    fc.property(markers, (marker) => {
      expect(parseMarker(formatMarker(marker))).toEqual(marker);
    }),
  );
});

test('a description with anything before or after a marker is none', () => {
  fc.assert(
    fc.property(markers, fc.string({ minLength: 1 }), (marker, more) => {
      expect(parseMarker(`${more}${formatMarker(marker)}`)).toBeUndefined();
      expect(parseMarker(`${formatMarker(marker)}${more}`)).toBeUndefined();
    }),
  );
});

test('a description that differs from a marker by any one character is another marker or none', () => {
  fc.assert(
    fc.property(markers, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (marker, at, other) => {
      const text = formatMarker(marker);
      const index = at % text.length;
      const changed = text.slice(0, index) + other + text.slice(index + 1);
      fc.pre(changed !== text);
      const parsed = parseMarker(changed);
      expect(parsed === undefined || formatMarker(parsed) === changed).toBe(true);
      expect(parsed).not.toEqual(marker);
    }),
  );
});

test('a marker has the agreed form', () => {
  const marker = newMarker({ ...BEARER, generation: 7 }, Date.parse('2026-03-10T12:00:00.999Z'), () => 'cafe0123');
  expect(formatMarker(marker)).toBe('rekeyd:acme/billing/7/0a1b2c3d-69b007c0cafe0123');
});

test.each([
  ['another prefix', 'rekey:acme/billing/7/0a1b2c3d-69b00840cafe0123'],
  ['generation 0', 'rekeyd:acme/billing/0/0a1b2c3d-69b00840cafe0123'],
  ['a leading zero', 'rekeyd:acme/billing/07/0a1b2c3d-69b00840cafe0123'],
  ['upper-case hex', 'rekeyd:acme/billing/7/0A1B2C3D-69b00840cafe0123'],
  ['something after it', 'rekeyd:acme/billing/7/0a1b2c3d-69b00840cafe0123 '],
  ['a line feed after it', 'rekeyd:acme/billing/7/0a1b2c3d-69b00840cafe0123\n'],
  ['a short attempt', 'rekeyd:acme/billing/7/0a1b2c3d-69b00840'],
  ['nothing', ''],
])('%s is no marker', (_, description) => {
  expect(parseMarker(description)).toBeUndefined();
});

test('a marker is for exactly one owner, application and place', () => {
  const marker = newMarker({ ...BEARER, generation: 1 }, NOW, () => 'cafe0123');
  expect(isMarkedFor(marker, BEARER)).toBe(true);
  expect(isMarkedFor(marker, { ...BEARER, owner: 'acme2' })).toBe(false);
  expect(isMarkedFor(marker, { ...BEARER, application: 'billing2' })).toBe(false);
  expect(isMarkedFor(marker, { ...BEARER, place: 'ffffffff' })).toBe(false);
  expect(isMarkedFor(undefined, BEARER)).toBe(false);
});
