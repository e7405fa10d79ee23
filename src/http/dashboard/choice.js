/** What is to be shown, as it stands in the address: a reload or a link shows the same. */

const SORTS = new Set(['state', 'application', 'age', 'next']);

export function readChoice() {
  const query = new URLSearchParams(location.search);
  const sort = query.get('sort') ?? 'state';
  return {
    q: query.get('q') ?? '',
    states: new Set(query.get('state')?.split(',').filter(Boolean)),
    issuer: query.get('issuer') ?? '',
    sort: SORTS.has(sort) ? sort : 'state',
    application: query.get('app') ?? undefined,
  };
}

export function writeChoice({ q, states, issuer, sort, application }) {
  const query = new URLSearchParams();
  if (q !== '') query.set('q', q);
  if (states.size > 0) query.set('state', [...states].join(','));
  if (issuer !== '') query.set('issuer', issuer);
  if (sort !== 'state') query.set('sort', sort);
  if (application) query.set('app', application);
  const text = query.toString();
  history.replaceState(null, '', text === '' ? location.pathname : `?${text.replaceAll('%2C', ',')}`);
}
