import { authorize, type Resource } from '../auth/authorize';
import type { CatalogEntry } from '../configuration/catalog';
import type { ActiveConfiguration, Configuration } from '../configuration/configuration';
import { keyOf, lookedUp } from '../configuration/names';
import { RunspaceError } from '../core/error';
import type { Target } from '../core/target';
import type { Principal } from '../core/ids';
import {
  RegisterConfigurationRequest,
  UnregisterConfigurationRequest,
  type ConfigurationServiceServer,
  type ListConfigurationsRequest,
} from '../gen/runspace/v1/configuration';
import { isPattern, matchesName } from '../session/name';
import { unary, type Caller } from './call';
import { fromConfiguration, fromEntry, toConfiguration } from './configuration-message';
import { authorizeDaemon, requestOf, type Context } from './context';
import { namedPageOf } from './paging';

/** ConfigurationService as the API describes it. */
export function configurationService(context: Context): ConfigurationServiceServer {
  const { edge, configurations } = context;
  return {
    listConfigurations: unary(edge, (request, caller) => Promise.resolve(list(context, request, caller))),
    getConfiguration: unary(edge, (request, { principal }) => {
      const entry = configurations.find(request.name);
      authorizeUse(context, principal, { action: 'see', entry });
      return Promise.resolve({ configuration: fromEntry(entry) });
    }),
    registerConfiguration: unary(edge, (request, caller) => register(context, request, caller)),
    unregisterConfiguration: unary(edge, (request, caller) => unregister(context, request, caller)),
  };
}

/**
 * The configuration of a new session, if the caller may use it: the one that is named, else the engine's own. Errors:
 * CONFIGURATION_NOT_FOUND, CONFIGURATION_INVALID, ACCESS_DENIED, INVALID_ARGUMENT where it is for another engine.
 */
export function configurationFor(
  context: Context,
  principal: Principal,
  wanted: {
    readonly configuration: string;
    readonly engine: string;
    readonly callerPath: string | undefined;
    readonly place: Target;
  },
): ActiveConfiguration {
  const { configurations } = context;
  const engine = wanted.engine.toLowerCase();
  const configuration =
    wanted.configuration === ''
      ? configurations.defaultOf(engine === '' ? defaultEngine(context, wanted) : engine)
      : configurations.usable(wanted.configuration);
  const { name } = configuration;
  authorizeUse(context, principal, { action: 'create', entry: { is: 'usable', name, configuration } });
  if (engine === '' || engine === configuration.engine) return configuration;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `configuration "${name}" is for engine ${configuration.engine}, not ${wanted.engine}; leave the engine out`,
    { facts: { field: 'engine', configuration: name } },
  );
}

/** What this machine has says nothing of another: there it is PowerShell. */
function defaultEngine(
  context: Context,
  { callerPath, place }: { readonly callerPath: string | undefined; readonly place: Target },
): string {
  return place.is === 'local' ? context.defaultEngine(callerPath) : 'powershell';
}

function list(context: Context, request: ListConfigurationsRequest, { principal }: Caller) {
  const visible = context.configurations.all().filter((entry) => maySee(context, principal, entry));
  const named = request.names.map((reference) => {
    const name = lookedUp(reference);
    // One that is named and not there is an error, a pattern is not.
    if (!isPattern(name)) context.configurations.find(reference);
    return name;
  });
  const wanted = visible.filter(
    ({ name }) => named.length === 0 || named.some((pattern) => matchesName(name, pattern)),
  );
  const page = namedPageOf(wanted, ({ name }) => keyOf(name), request);
  return { configurations: page.items.map(fromEntry), nextPageToken: page.nextPageToken };
}

async function register(context: Context, request: RegisterConfigurationRequest, { principal }: Caller) {
  authorizeDaemon(context, principal, 'administer');
  const remembered = requestOf(context, principal, {
    method: 'RegisterConfiguration',
    requestId: request.requestId,
    content: RegisterConfigurationRequest.encode({ ...request, requestId: '' }).finish(),
  });
  const wanted = wantedOf(context, request);
  if (request.validateOnly)
    return { configuration: fromConfiguration(context.configurations.validate(wanted)) };
  if (context.requests.recall(remembered) !== undefined)
    return { configuration: fromEntry(context.configurations.find(wanted.name)) };
  const once = `${principal} ${request.requestId} ${remembered.fingerprint}`;
  const active = await context.configurations.register(wanted, once);
  context.requests.remember(remembered, active.name);
  context.audit.note(
    { principal, client: '' },
    { event: 'configurationRegistered', configuration: active.name },
  );
  return { configuration: fromConfiguration(active) };
}

function wantedOf(
  { readConfiguration }: Context,
  { configuration, text }: RegisterConfigurationRequest,
): Configuration {
  if (configuration !== undefined && text === '') return toConfiguration(configuration);
  if (configuration === undefined && text !== '') return readConfiguration(text);
  throw new RunspaceError('INVALID_ARGUMENT', 'send either the configuration or its text', {
    facts: { field: 'configuration' },
  });
}

async function unregister(context: Context, request: UnregisterConfigurationRequest, { principal }: Caller) {
  authorizeDaemon(context, principal, 'administer');
  const remembered = requestOf(context, principal, {
    method: 'UnregisterConfiguration',
    requestId: request.requestId,
    content: UnregisterConfigurationRequest.encode({ ...request, requestId: '' }).finish(),
  });
  if (context.requests.recall(remembered) !== undefined) return {};
  await context.configurations.unregister(request.name);
  context.requests.remember(remembered, request.name);
  context.audit.note(
    { principal, client: '' },
    { event: 'configurationUnregistered', configuration: request.name },
  );
  return {};
}

function maySee(context: Context, principal: Principal, entry: CatalogEntry): boolean {
  const resource = resourceOf(context, entry);
  return authorize(context.rules, principal, { action: 'see', resource }).is === 'allowed';
}

function authorizeUse(
  context: Context,
  principal: Principal,
  { action, entry }: { readonly action: 'see' | 'create'; readonly entry: CatalogEntry },
): void {
  const decision = authorize(context.rules, principal, { action, resource: resourceOf(context, entry) });
  if (decision.is === 'allowed') return;
  throw new RunspaceError(
    'ACCESS_DENIED',
    `you may not ${action === 'see' ? 'see' : 'use'} configuration "${entry.name}": ${decision.reason}`,
    { facts: { configuration: entry.name, action } },
  );
}

/** What can't be read may be meant for somebody: only whoever runs the daemon sees it. */
function resourceOf({ rules }: Context, { configuration }: CatalogEntry): Resource {
  const allowed = configuration?.allowedPrincipals ?? [rules.administrator];
  return { is: 'configuration', allowed };
}
