import { expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { fieldsToWrite, pairIn, renderFields, sameFields } from '../../src/rotation/mapping.ts';
import { FIELDS, pairOf, TARGET } from './scene.ts';

test('templates are filled in, and text around them stays', () => {
  const fields = { KEY: '{access_key_id}', URL: 's3:{endpoint}/x?r={region}', PLAIN: 'as it is', BRACES: '{other}' };
  expect(renderFields(fields, pairOf('AK1'), TARGET).reveal()).toEqual({
    KEY: 'AK1',
    URL: 's3:https://objects.example.net/x?r=dc-sto1',
    PLAIN: 'as it is',
    BRACES: '{other}',
  });
});

test('a value that looks like a template is not filled in again', () => {
  const pair = { accessKeyId: '{secret_access_key}', secretAccessKey: new Secret('$& $1 {endpoint}') };
  const rendered = renderFields({ id: '{access_key_id}', key: '{secret_access_key}' }, pair, TARGET).reveal();
  expect(rendered).toEqual({ id: '{secret_access_key}', key: '$& $1 {endpoint}' });
});

test('the pair is found under whatever names it has', () => {
  const fields = { user: '{access_key_id}', password: '{secret_access_key}' };
  const pair = pairIn(new Secret({ user: 'AK1', password: 'p', access_key_id: 'AK2' }), fields);
  expect(pair?.accessKeyId).toBe('AK1');
  expect(pair?.secretAccessKey.reveal()).toBe('p');
});

test.each([
  ['the secret is missing', { access_key_id: 'AK1' }],
  ['one is empty', { access_key_id: '', secret_access_key: 's' }],
  ['one is no string', { access_key_id: 'AK1', secret_access_key: 5 }],
])('there is no pair where %s', (_, data) => {
  expect(pairIn(new Secret(data), FIELDS)).toBeUndefined();
});

test('fields are written until they are named null', () => {
  expect(fieldsToWrite({ a: 'A', c: null }, { a: 'old', b: 'B', c: 'C' })).toEqual({ a: 'A', b: 'B' });
  expect(sameFields({ a: 'A', b: 'B' }, { b: 'B', a: 'A' })).toBe(true);
  expect(sameFields({ a: 'A' }, { a: 'A', b: 'B' })).toBe(false);
  expect(sameFields({ a: 'A' }, { a: 'B' })).toBe(false);
});

test('fields are the same only where every one is', () => {
  expect(sameFields({ a: 'A', b: 'B' }, { a: 'A', b: 'C' })).toBe(false);
});
