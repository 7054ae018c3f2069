import { LRUCache } from 'lru-cache';
import { isValid, type StoredToken } from '../auth/tokens';
import { RunspaceError } from '../core/error';
import {
  CreateTokenRequest,
  RevokeTokenRequest,
  type AccessServiceServer,
  type CreateTokenResponse,
  type RevokeTokenResponse,
  type Token,
} from '../gen/runspace/v1/access';
import { unary, type Caller } from './call';
import { authorizeDaemon, requestOf, type Context } from './context';
import { toMilliseconds } from './time';

const usualLifetimeMs = 90 * 24 * 60 * 60 * 1_000;
/** Texts of new tokens are remembered for callers that lost the answer. */
const remembered = { max: 1_000, ttl: 60 * 60 * 1_000 };

/** AccessService as the API describes it. */
export function accessService(context: Context): AccessServiceServer {
  const { edge, tokens, clock } = context;
  const texts = new LRUCache<string, CreateTokenResponse>(remembered);
  return {
    createToken: unary(edge, (request, caller) => createToken(context, texts, { request, caller })),
    listTokens: unary(edge, async (_request, { principal }) => {
      authorizeDaemon(context, principal, 'administer');
      return { tokens: tokens.all().map((token) => toMessage(token, clock.now())) };
    }),
    revokeToken: unary(edge, (request, caller) => revokeToken(context, request, caller)),
  };
}

async function createToken(
  context: Context,
  texts: LRUCache<string, CreateTokenResponse>,
  { request, caller }: { readonly request: CreateTokenRequest; readonly caller: Caller },
): Promise<CreateTokenResponse> {
  const { principal } = caller;
  const { tokens, requests, clock, audit } = context;
  authorizeDaemon(context, principal, 'administer');
  const once = requestOf(context, principal, {
    method: 'CreateToken',
    requestId: request.requestId,
    content: CreateTokenRequest.encode({ ...request, requestId: '' }).finish(),
  });
  const before = requests.recall(once);
  const told = texts.get(once.id);
  if (before !== undefined && told !== undefined) return told;
  if (before !== undefined)
    throw new RunspaceError(
      'SECRET_LOST',
      `token ${before} was made by this request, and its text is kept nowhere; revoke it, and make another`,
      { facts: { token: before } },
    );
  const text = tokens.create(request.user, clock.now(), lifetimeOf(request));
  const token = tokens.all().find(({ id }) => text.startsWith(`rsd_${id}_`));
  if (token === undefined) throw new RunspaceError('INTERNAL', 'the new token is not there');
  requests.remember(once, token.id);
  audit.note({ principal, client: '' }, { event: 'tokenCreated', token: token.id, user: token.user });
  const answer = { token: toMessage(token, clock.now()), text };
  texts.set(once.id, answer);
  return answer;
}

async function revokeToken(
  context: Context,
  request: RevokeTokenRequest,
  { principal }: Caller,
): Promise<RevokeTokenResponse> {
  const { tokens, requests, clock, audit } = context;
  authorizeDaemon(context, principal, 'administer');
  const once = requestOf(context, principal, {
    method: 'RevokeToken',
    requestId: request.requestId,
    content: RevokeTokenRequest.encode({ ...request, requestId: '' }).finish(),
  });
  const before = requests.recall(once);
  if (before !== undefined) return { revoked: Number(before) };
  const revoked = tokens.revoke(request.token, clock.now());
  requests.remember(once, String(revoked));
  audit.note({ principal, client: '' }, { event: 'tokenRevoked', token: request.token });
  return { revoked };
}

function lifetimeOf({ lifetime, endless }: CreateTokenRequest): number | undefined {
  if (lifetime === undefined) return endless ? undefined : usualLifetimeMs;
  const ms = toMilliseconds(lifetime, 'lifetime');
  if (!endless && ms !== undefined && ms > 0) return ms;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    endless ? 'lifetime and endless exclude each other' : 'lifetime must be above 0',
    { facts: { field: 'lifetime' } },
  );
}

function toMessage(token: StoredToken, now: number): Token {
  const { id, user, createdAt, expiresAt, revokedAt } = token;
  const timeOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
  return {
    id,
    user,
    createTime: new Date(createdAt),
    expireTime: timeOf(expiresAt),
    revokeTime: timeOf(revokedAt),
    valid: isValid(token, now),
  };
}
