import type { Problem } from '../core/error';
import { mayBeFar } from './far-place';
import type { StoredSession } from './stored-session';

/** Options that were chosen and mean nothing for this session, each with what has no use for it. */
export function optionWarnings({
  options,
  engine,
  place,
  configuration,
}: Pick<StoredSession, 'options' | 'engine' | 'place' | 'configuration'>): readonly Problem[] {
  const warnings: Problem[] = (configuration?.withoutEffect ?? []).map((field) => ({
    code: 'OPTION_HAS_NO_EFFECT',
    message: `what configuration "${configuration?.name ?? ''}" says of ${field} has no effect on a ${place.is} session: only the daemon's own machine can do it`,
    facts: { option: field, transport: place.is },
  }));
  if (options.maximumConnectionRetryCount !== undefined && !mayBeFar(place) && place.is !== 'daemon')
    warnings.push(withoutEffect('MaxConnectionRetryCount', 'transport', place.is));
  for (const [name, value, what] of [
    ['SkipCACheck', options.skipCaCheck, "who signed the other daemon's certificate"],
    ['SkipCNCheck', options.skipCnCheck, "the name in the other daemon's certificate"],
    ['SkipRevocationCheck', options.skipRevocationCheck, "whether the other daemon's certificate is revoked"],
  ] as const)
    if (value)
      warnings.push(place.is === 'daemon' ? skipped(name, what) : withoutEffect(name, 'transport', place.is));
  if (options.maximumRedirection !== undefined && place.is !== 'daemon')
    warnings.push(withoutEffect('MaximumRedirection', 'transport', place.is));
  if (place.is === 'daemon' && place.enableNetworkAccess)
    warnings.push(withoutEffect('EnableNetworkAccess', 'transport', place.is));
  if (engine !== 'powershell' && options.culture !== undefined)
    warnings.push(withoutEffect('Culture', 'engine', engine));
  if (engine !== 'powershell' && options.uiCulture !== undefined)
    warnings.push(withoutEffect('UICulture', 'engine', engine));
  return warnings;
}

function withoutEffect(option: string, what: 'transport' | 'engine', name: string): Problem {
  const place =
    what === 'engine'
      ? 'a session of this engine'
      : name === 'local'
        ? 'a session on this machine'
        : 'a session at such a place';
  return {
    code: 'OPTION_HAS_NO_EFFECT',
    message: `the session option ${option} means nothing for ${place} (${what} ${name})`,
    facts: { option, [what]: name },
  };
}

function skipped(option: string, what: string): Problem {
  return {
    code: 'CHECK_SKIPPED',
    message: `${option}: ${what} is not checked`,
    facts: { option },
  };
}
