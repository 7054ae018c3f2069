import type { DaemonServiceServer, GetStatusResponse, StopDaemonRequest } from '../gen/runspace/v1/daemon';
import { unary, type Caller } from './call';
import { authorizeDaemon, type Context } from './context';

/** What DaemonService asks of the daemon. */
export interface DaemonControl {
  status(): Promise<GetStatusResponse>;
  /** Takes no new work from now on, or takes it again. */
  drain(mode: 'drain' | 'resume'): void;
  /** Ends the daemon soon after the answer is sent; with 'sessions' all sessions have ended before. */
  stop(what: 'daemon' | 'sessions'): Promise<void>;
}

/** DaemonService as the API describes it. */
export function daemonService(context: Context, control: DaemonControl): DaemonServiceServer {
  const { edge } = context;
  return {
    getStatus: unary(edge, async (_request, caller) => {
      authorizeDaemon(context, caller.principal, 'see');
      const status = await control.status();
      // Whose sessions there are is not for everybody.
      return caller.principal === context.rules.administrator ? status : { ...status, keepers: [] };
    }),
    drainDaemon: unary(edge, (request, caller) => {
      authorizeDaemon(context, caller.principal, 'administer');
      control.drain(request.drain ? 'drain' : 'resume');
      return Promise.resolve({});
    }),
    stopDaemon: unary(edge, (request, caller) => stopDaemon(context, control, { request, caller })),
  };
}

async function stopDaemon(
  context: Context,
  control: DaemonControl,
  { request, caller }: { request: StopDaemonRequest; caller: Caller },
): Promise<object> {
  authorizeDaemon(context, caller.principal, 'administer');
  const { principal } = caller;
  context.audit.note({ principal, client: '' }, { event: 'daemonStopped', endSessions: request.endSessions });
  await control.stop(request.endSessions ? 'sessions' : 'daemon');
  return {};
}
