import type { CreateOptions } from '../../typescript';
import { createOptions } from '../create-options';
import type { Place } from './resolve';

/** A session that is made for one command ends by itself where this program dies: as soon as that can be. */
const abandonedMs = 60_000;

/** What a session is made with that is closed with the command it is for. */
export async function temporary({ target, context, credential }: Place): Promise<CreateOptions> {
  const options = await createOptions(context, target);
  return {
    ...options,
    options: { idleTimeoutMs: abandonedMs, ...options.options },
    target,
    ...(credential === undefined ? {} : { credential }),
  };
}
