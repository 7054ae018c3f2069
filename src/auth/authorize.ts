import type { Principal } from '../core/ids';

/** What a caller can want to do. Rights are separate, so that a grant can give some and not others. */
export type Action =
  'see' | 'read' | 'reveal' | 'invoke' | 'answer' | 'stop' | 'connect' | 'remove' | 'create' | 'administer';

/** What it is done to: the daemon, something that somebody owns, or a configuration that some may use. */
export type Resource =
  | { readonly is: 'daemon' }
  | { readonly is: 'session'; readonly owner: Principal }
  | {
      readonly is: 'configuration';
      /** Who may open sessions with it; empty: everybody. */
      readonly allowed: readonly Principal[];
    };

/** The answer, with a reason that may be shown to the caller. */
export type Decision = { readonly is: 'allowed' } | { readonly is: 'denied'; readonly reason: string };

/** The facts that decisions rest on, besides the three arguments. */
export interface Rules {
  /** Whoever runs the daemon; may administer it. */
  readonly administrator: Principal;
}

/**
 * Decides whether `principal` may do `action` to `resource`. Everything is denied that is not allowed here:
 * a session belongs to its owner alone; the daemon is administered by whoever runs it, who also sees all configurations;
 * a configuration is used by those that it names.
 */
export function authorize(
  rules: Rules,
  principal: Principal,
  request: { action: Action; resource: Resource },
): Decision {
  const { action, resource } = request;
  switch (resource.is) {
    case 'session':
      return resource.owner === principal
        ? { is: 'allowed' }
        : { is: 'denied', reason: `the session belongs to ${resource.owner}; you are ${principal}` };
    case 'configuration': {
      const isNamed = resource.allowed.length === 0 || resource.allowed.includes(principal);
      if ((action === 'create' || action === 'see') && isNamed) return { is: 'allowed' };
      if (action === 'see' && principal === rules.administrator) return { is: 'allowed' };
      return { is: 'denied', reason: `it is not for ${principal}` };
    }
    case 'daemon':
      return action === 'create' || action === 'see' || principal === rules.administrator
        ? { is: 'allowed' }
        : { is: 'denied', reason: `only ${rules.administrator}, who runs the daemon, may ${action} it` };
  }
}
