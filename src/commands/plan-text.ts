import { formatDistance } from '../policy/duration.ts';
import { type Bill, type IssuerBill, issuerCalls } from '../scheduler/costs.ts';
import { counted } from './count.ts';
import { paint, table } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** What the servers are asked meanwhile. `atLeast`: more comes than was worked out. */
export function billText({ issuers, all }: Bill, atLeast: string, terminal: Terminal): string {
  const head = ['ISSUER', 'LISTS', 'ISSUES', 'REVOKES', 'A SECOND', 'BUSIEST HOUR', 'LIMIT'];
  const rows = issuers.map(({ issuer, calls, average, busiestHour }) => [
    issuer.name,
    String(calls.lists),
    String(calls.issues),
    String(calls.revokes),
    rateText(average),
    busiestHour ? `${rateText(busiestHour.rate)} at ${new Date(busiestHour.at).toISOString().slice(0, 16)}Z` : '-',
    String(issuer.limits.perSecond),
  ]);
  const rest = `Vault: ${atLeast}${counted(all.vaultReads, 'read')}, ${counted(all.vaultWrites, 'write')}; S3: ${counted(all.s3Tries, 'request')}. Each further replica looks as often, and adds as many lists and reads.`;
  const words = [...issuers.flatMap((bill) => loadText(bill, terminal)), wrapped(rest, terminal.columns)];
  return `${table(head, rows, terminal, { leaveOut: ['BUSIEST HOUR'], cut: 'ISSUER' })}${words.join('\n')}\n`;
}

/** A rush that is over sooner than this, in ms, is none. */
const WORTH_A_WORD_MS = 10_000;

/** Whether the limit is enough, in words; nothing where nothing is issued or revoked. */
function loadText({ issuer, busiestHour, busiestMinute }: IssuerBill, terminal: Terminal): string[] {
  if (!busiestHour || !busiestMinute) return [];
  const { name, limits } = issuer;
  const limit = `of the ${limits.perSecond} calls a second that limits.per_second allows`;
  if (busiestHour.rate > limits.perSecond) {
    const text = `${name}: the busiest hour needs ${rateText(busiestHour.rate)} ${limit}: rotations come late. Raise the limit, or give rotate a jitter.`;
    return [paint('red', wrapped(text, terminal.columns), terminal)];
  }
  const { calls, takesMs, at } = busiestMinute;
  const needs = `${name}: the busiest hour needs ${rateText(busiestHour.rate)} ${limit}`;
  const burst =
    takesMs < WORTH_A_WORD_MS
      ? ''
      : `; the most that falls into one minute, ${counted(calls, 'change')} at ${new Date(at).toISOString().slice(0, 16)}Z, takes ${formatDistance(takesMs)}`;
  return [wrapped(`${needs}${burst}.`, terminal.columns)];
}

function rateText(perSecond: number): string {
  return perSecond >= 0.1 ? perSecond.toFixed(1) : perSecond.toPrecision(2);
}

/** The same for programs; rates are calls a second. */
export function billAsJson({ issuers, all }: Bill) {
  return {
    issuers: issuers.map(({ issuer, calls, average, busiestHour, busiestMinute }) => ({
      issuer: issuer.name,
      instance: issuer.instance,
      lists: calls.lists,
      issues: calls.issues,
      revokes: calls.revokes,
      total: issuerCalls(calls),
      per_second: { average, busiest_hour: busiestHour?.rate, limit: issuer.limits.perSecond },
      busiest_hour_at: busiestHour && new Date(busiestHour.at).toISOString(),
      busiest_minute: busiestMinute && {
        at: new Date(busiestMinute.at).toISOString(),
        changes: busiestMinute.calls,
        takes_seconds: busiestMinute.takesMs / 1_000,
      },
    })),
    vault: { reads: all.vaultReads, writes: all.vaultWrites },
    s3: { requests: all.s3Tries },
  };
}
