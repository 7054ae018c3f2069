import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Credential, Target } from '../../typescript';
import type { Context } from '../context';
import { systemCode, UsageError } from '../failure';

/**
 * What the caller of this session lets its commands show to another daemon, where they name no proof of their own;
 * undefined: nothing. Throws UsageError where the delegation is over.
 */
export async function delegatedCredential(context: Context, target: Target): Promise<Credential | undefined> {
  const path = context.environment['RUNSPACED_DELEGATION'] ?? '';
  if (path === '' || target.is !== 'daemon' || target.certificateThumbprint !== undefined) return undefined;
  try {
    const socket = connect({ path });
    return { token: (await text(socket)).trim() };
  } catch (error) {
    throw new UsageError(
      `RUNSPACED_DELEGATION names ${path}, where nothing is delegated any more (${systemCode(error) ?? String(error)}); show a token of your own (--token-file)`,
      'INVALID_ARGUMENT',
      { cause: error },
    );
  }
}
