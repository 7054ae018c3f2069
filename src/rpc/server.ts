import { setMaxListeners } from 'node:events';
import {
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { RunspaceError } from '../core/error';
import { AccessServiceService } from '../gen/runspace/v1/access';
import { ConfigurationServiceService } from '../gen/runspace/v1/configuration';
import { DaemonServiceService } from '../gen/runspace/v1/daemon';
import { JobServiceService } from '../gen/runspace/v1/job';
import { SessionServiceService } from '../gen/runspace/v1/session';
import { accessService } from './access-service';
import { configurationService } from './configuration-service';
import type { Context } from './context';
import { daemonService, type DaemonControl } from './daemon-service';
import { jobService } from './job-service';
import { pipelineService } from './pipeline-service';
import { rawPipelineService } from './raw-messages';
import { sessionService } from './session-service';
import { typedStatuses } from './typed-status';

/** Largest message that a caller may send: arguments and input items. */
const largestRequest = 256 * 1024 * 1024;

/** What a server has besides the services. */
interface ServerAdditions {
  readonly more: readonly ((server: Server) => void)[];
  /** What each call passes before it is served. */
  readonly gates?: readonly ServerInterceptor[];
}

/** The public services on a gRPC server that does not listen yet; `more` adds health and reflection. */
export function createServer(
  context: Context,
  control: DaemonControl,
  { more, gates = [] }: ServerAdditions,
): Server {
  setMaxListeners(0, context.edge.ending); // Each call that is under way listens for it.
  const server = new Server({
    'grpc.max_receive_message_length': largestRequest,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc-node.flow_control_window': 1024 * 1024,
    interceptors: [typedStatuses(context.edge.log), ...gates],
  });
  server.addService(SessionServiceService, untyped(sessionService(context)));
  server.addService(rawPipelineService, untyped(pipelineService(context)));
  server.addService(JobServiceService, untyped(jobService(context)));
  server.addService(ConfigurationServiceService, untyped(configurationService(context)));
  server.addService(AccessServiceService, untyped(accessService(context)));
  server.addService(DaemonServiceService, untyped(daemonService(context, control)));
  for (const add of more) add(server);
  return server;
}

/** Listens on a unix socket. Error: ADDRESS_IN_USE. */
export function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else
        reject(
          new RunspaceError(
            'ADDRESS_IN_USE',
            `can't listen on ${socketPath}: ${error.message}; is another daemon there?`,
            {
              facts: { address: socketPath },
              cause: error,
            },
          ),
        );
    });
  });
}

/** grpc-js wants an index signature, which our typed services lack. */
function untyped(service: object): UntypedServiceImplementation {
  return { ...service };
}
