import { DaemonServiceDefinition } from './gen/runspace/v1/daemon';
import { PipelineServiceDefinition } from './gen/runspace/v1/pipeline';
import { SessionServiceDefinition } from './gen/runspace/v1/session';
import { methodOf } from './transport/method';

const sessions = SessionServiceDefinition.methods;
const pipelines = PipelineServiceDefinition.methods;
const daemon = DaemonServiceDefinition.methods;

/** The methods of `runspace.v1` that this library calls. */
export const methods = {
  createSession: methodOf(SessionServiceDefinition, sessions.createSession),
  getSession: methodOf(SessionServiceDefinition, sessions.getSession),
  listSessions: methodOf(SessionServiceDefinition, sessions.listSessions),
  updateSession: methodOf(SessionServiceDefinition, sessions.updateSession),
  connectSession: methodOf(SessionServiceDefinition, sessions.connectSession),
  disconnectSession: methodOf(SessionServiceDefinition, sessions.disconnectSession),
  deleteSession: methodOf(SessionServiceDefinition, sessions.deleteSession),
  attachSession: methodOf(SessionServiceDefinition, sessions.attachSession),
  watchSessions: methodOf(SessionServiceDefinition, sessions.watchSessions),
  startPipeline: methodOf(PipelineServiceDefinition, pipelines.startPipeline),
  receivePipeline: methodOf(PipelineServiceDefinition, pipelines.receivePipeline),
  invokePipeline: methodOf(PipelineServiceDefinition, pipelines.invokePipeline),
  acknowledgeRecords: methodOf(PipelineServiceDefinition, pipelines.acknowledgeRecords),
  stopPipeline: methodOf(PipelineServiceDefinition, pipelines.stopPipeline),
  getPipeline: methodOf(PipelineServiceDefinition, pipelines.getPipeline),
  listPipelines: methodOf(PipelineServiceDefinition, pipelines.listPipelines),
  getStatus: methodOf(DaemonServiceDefinition, daemon.getStatus),
  drainDaemon: methodOf(DaemonServiceDefinition, daemon.drainDaemon),
  stopDaemon: methodOf(DaemonServiceDefinition, daemon.stopDaemon),
} as const;
