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
  const token = await toldAt(path);
  if (token !== '') return { token };
  throw new UsageError(
    `RUNSPACED_DELEGATION names ${path}, where nothing is delegated any more; show a token of your own (--token-file)`,
    'INVALID_ARGUMENT',
  );
}

/** Empty: nothing, or nobody listens there. */
async function toldAt(path: string): Promise<string> {
  try {
    return (await text(connect({ path }))).trim();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return '';
  }
}
