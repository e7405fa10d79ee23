import type { BoardEntry } from '../telemetry/board-entry.ts';

/** Whether each word of `q` stands in what is searched of an application. The page's store searches the same. */
export function isFound(entry: BoardEntry, q: string): boolean {
  const text = searchedOf(entry).join(' ').toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function searchedOf({ application, path, issuer, view, trouble, notices }: BoardEntry): string[] {
  const keys = [view?.current, ...(view?.superseded ?? [])].map((credential) => credential?.accessKeyId ?? '');
  return [application, path, issuer, ...keys, trouble?.code ?? '', ...notices.map(({ code }) => code)];
}
