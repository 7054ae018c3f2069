import { randomUUID } from 'node:crypto';
import { serve } from './support/served';

describe('P03 tokens over the API', () => {
  const served = serve();

  test('one is made, told once, listed without its text, and revoked', async () => {
    const { access } = served.client;
    const requestId = randomUUID();
    const made = await access.createToken('bob', { requestId });
    expect(made.text).toMatch(/^rsd_[0-9a-f]{12}_/);
    expect(await access.createToken('bob', { requestId })).toEqual(made);
    await expect(access.createToken('eve', { requestId })).rejects.toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
    const short = await access.createToken('bob', { lifetimeMs: 1_000 });
    const endless = await access.createToken('ann', { lifetimeMs: null });
    const days = (made.token?.expireTime?.getTime() ?? 0) - (made.token?.createTime?.getTime() ?? 0);
    expect([days, endless.token?.expireTime]).toEqual([90 * 86_400_000, undefined]);
    const listed = await access.listTokens();
    expect(listed.map(({ user, id }) => [user, id])).toEqual([
      ['bob', made.token?.id],
      ['bob', short.token?.id],
      ['ann', endless.token?.id],
    ]);
    expect(JSON.stringify(listed)).not.toContain(made.text.split('_').at(-1));
    expect(await access.revokeToken(made.token?.id ?? '')).toBe(1);
    expect(await access.revokeToken('ann')).toBe(1);
    await expect(access.revokeToken('ann')).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    const revoked = (await access.listTokens()).filter(({ revokeTime }) => revokeTime !== undefined);
    expect(revoked.map(({ user, valid }) => [user, valid])).toEqual([
      ['bob', false],
      ['ann', false],
    ]);
  });

  test('after a restart the text is gone, and the request says so', async () => {
    const requestId = randomUUID();
    const made = await served.client.access.createToken('carl', { requestId });
    await served.daemon.restart();
    await expect(served.client.access.createToken('carl', { requestId })).rejects.toMatchObject({
      reason: 'SECRET_LOST',
      metadata: { token: made.token?.id },
    });
  });

  test.each([
    ['', {}],
    ['two words', {}],
    ['bob', { lifetimeMs: 0 }],
  ])('%j with %j is refused', async (user, options) => {
    await expect(served.client.access.createToken(user, options)).rejects.toMatchObject({
      reason: 'INVALID_ARGUMENT',
    });
  });
});
