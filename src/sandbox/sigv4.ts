import { createHash, createHmac } from 'node:crypto';
import type { Asked } from './server.ts';

/** What an `Authorization: AWS4-HMAC-SHA256 …` header says. */
export interface Signed {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** `undefined` where the header is missing or is something else. */
export function readAuthorization(header: string | undefined): Signed | undefined {
  const [, accessKeyId, date, region, service, headers, signature] = AUTHORIZATION.exec(header ?? '') ?? [];
  if (!accessKeyId || !date || !region || !service || !headers || !signature) return undefined;
  return { accessKeyId, date, region, service, signedHeaders: headers.split(';'), signature };
}

/** Unix ms of `x-amz-date` (`20261123T083000Z`); NaN where it is missing or wrong. */
export function signedAt(asked: Asked): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(asked.headers['x-amz-date'])) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  return Date.UTC(year ?? Number.NaN, (month ?? 1) - 1, day, hour, minute, second);
}

/** The signature that this request should have, computed as Amazon's Signature Version 4 says. */
export function signatureOf(asked: Asked, signed: Signed, secretAccessKey: string): string {
  const scope = `${signed.date}/${signed.region}/${signed.service}/aws4_request`;
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    asked.headers['x-amz-date'],
    scope,
    sha256(canonicalRequest(asked, signed)),
  ].join('\n');
  const key = [signed.date, signed.region, signed.service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

/** The declared hash of the body, which is part of what is signed. */
export function bodyHashHolds(asked: Asked): boolean {
  const declared = asked.headers['x-amz-content-sha256'];
  return declared === 'UNSIGNED-PAYLOAD' || declared === sha256(asked.body);
}

function canonicalRequest(asked: Asked, signed: Signed): string {
  const [path, query = ''] = asked.target.split('?');
  const headers = signed.signedHeaders.map((name) => `${name}:${oneLine(asked.headers[name])}\n`);
  return [
    asked.method,
    path,
    canonicalQuery(query),
    headers.join(''),
    signed.signedHeaders.join(';'),
    asked.headers['x-amz-content-sha256'],
  ].join('\n');
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query.replaceAll('+', '%2B'))];
  return pairs
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

const oneLine = (value: string | string[] | undefined): string => String(value).trim().replace(/ +/g, ' ');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
