import { RunspaceError } from '../core/error';

/** One page of things that have numbers, in the order of those. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Empty: that was all. */
  readonly nextPageToken: string;
}

const defaultPageSize = 100;
const largestPage = 1000;

/**
 * The page that begins after the token's number. A thing that comes or goes between two pages moves none of the others.
 * Errors: INVALID_ARGUMENT for a token that is not ours, or a negative size.
 */
export function pageOf<T>(
  all: readonly T[],
  numberOf: (item: T) => number,
  request: { readonly pageSize: number; readonly pageToken: string },
): Page<T> {
  const after = request.pageToken === '' ? 0 : numberOfToken(request.pageToken);
  const rest = all.filter((item) => numberOf(item) > after);
  const items = rest.slice(0, sizeOf(request.pageSize));
  const last = items.at(-1);
  return {
    items,
    nextPageToken: last === undefined || items.length === rest.length ? '' : tokenOf(numberOf(last)),
  };
}

/** The page that begins after the token's name, of things in the order of their names. Errors: as above. */
export function namedPageOf<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  request: { readonly pageSize: number; readonly pageToken: string },
): Page<T> {
  const after = request.pageToken === '' ? '' : nameOfToken(request.pageToken);
  const rest = all.filter((item) => nameOf(item) > after);
  const items = rest.slice(0, sizeOf(request.pageSize));
  const last = items.at(-1);
  return {
    items,
    nextPageToken: last === undefined || items.length === rest.length ? '' : encoded(nameOf(last)),
  };
}

function sizeOf(pageSize: number): number {
  if (pageSize < 0)
    throw new RunspaceError('INVALID_ARGUMENT', `page_size is ${String(pageSize)}; it must be 0 or more`, {
      facts: { field: 'page_size' },
    });
  return pageSize === 0 ? defaultPageSize : Math.min(pageSize, largestPage);
}

function tokenOf(number: number): string {
  return encoded(String(number));
}

function encoded(text: string): string {
  return Buffer.from(`after:${text}`).toString('base64url');
}

function numberOfToken(token: string): number {
  const match = /^after:(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString());
  if (match?.[1] !== undefined) return Number(match[1]);
  throw notOurs(token);
}

function nameOfToken(token: string): string {
  const match = /^after:([^]+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match?.[1] !== undefined) return match[1];
  throw notOurs(token);
}

function notOurs(token: string): RunspaceError {
  return new RunspaceError(
    'INVALID_ARGUMENT',
    `page_token "${token.slice(0, 40)}" is not one of ours; send the next_page_token of the answer before, or none`,
    { facts: { field: 'page_token' } },
  );
}
