import { AccessServiceDefinition } from './gen/runspace/v1/access';
import { ConfigurationServiceDefinition } from './gen/runspace/v1/configuration';
import { DaemonServiceDefinition } from './gen/runspace/v1/daemon';
import { JobServiceDefinition } from './gen/runspace/v1/job';
import { PipelineServiceDefinition } from './gen/runspace/v1/pipeline';
import { SessionServiceDefinition } from './gen/runspace/v1/session';
import { methodOf } from './transport/method';

const sessions = SessionServiceDefinition.methods;
const pipelines = PipelineServiceDefinition.methods;
const jobs = JobServiceDefinition.methods;
const configurations = ConfigurationServiceDefinition.methods;
const access = AccessServiceDefinition.methods;
const daemon = DaemonServiceDefinition.methods;

/** The methods of `runspace.v1` that this library calls. */
export const methods = {
  createSession: methodOf(SessionServiceDefinition, sessions.createSession),
  getSession: methodOf(SessionServiceDefinition, sessions.getSession),
  listSessions: methodOf(SessionServiceDefinition, sessions.listSessions),
  updateSession: methodOf(SessionServiceDefinition, sessions.updateSession),
  connectSession: methodOf(SessionServiceDefinition, sessions.connectSession),
  disconnectSession: methodOf(SessionServiceDefinition, sessions.disconnectSession),
  describeSession: methodOf(SessionServiceDefinition, sessions.describeSession),
  completeInput: methodOf(SessionServiceDefinition, sessions.completeInput),
  resetSession: methodOf(SessionServiceDefinition, sessions.resetSession),
  deleteSession: methodOf(SessionServiceDefinition, sessions.deleteSession),
  attachSession: methodOf(SessionServiceDefinition, sessions.attachSession),
  watchSessions: methodOf(SessionServiceDefinition, sessions.watchSessions),
  startPipeline: methodOf(PipelineServiceDefinition, pipelines.startPipeline),
  receivePipeline: methodOf(PipelineServiceDefinition, pipelines.receivePipeline),
  invokePipeline: methodOf(PipelineServiceDefinition, pipelines.invokePipeline),
  respondToHostCall: methodOf(PipelineServiceDefinition, pipelines.respondToHostCall),
  acknowledgeRecords: methodOf(PipelineServiceDefinition, pipelines.acknowledgeRecords),
  stopPipeline: methodOf(PipelineServiceDefinition, pipelines.stopPipeline),
  getPipeline: methodOf(PipelineServiceDefinition, pipelines.getPipeline),
  listPipelines: methodOf(PipelineServiceDefinition, pipelines.listPipelines),
  listConfigurations: methodOf(ConfigurationServiceDefinition, configurations.listConfigurations),
  getConfiguration: methodOf(ConfigurationServiceDefinition, configurations.getConfiguration),
  registerConfiguration: methodOf(ConfigurationServiceDefinition, configurations.registerConfiguration),
  unregisterConfiguration: methodOf(ConfigurationServiceDefinition, configurations.unregisterConfiguration),
  revealSecret: methodOf(PipelineServiceDefinition, pipelines.revealSecret),
  startJob: methodOf(JobServiceDefinition, jobs.startJob),
  receiveJob: methodOf(JobServiceDefinition, jobs.receiveJob),
  acknowledgeJob: methodOf(JobServiceDefinition, jobs.acknowledgeJob),
  getJob: methodOf(JobServiceDefinition, jobs.getJob),
  listJobs: methodOf(JobServiceDefinition, jobs.listJobs),
  watchJobs: methodOf(JobServiceDefinition, jobs.watchJobs),
  waitJob: methodOf(JobServiceDefinition, jobs.waitJob),
  stopJob: methodOf(JobServiceDefinition, jobs.stopJob),
  deleteJob: methodOf(JobServiceDefinition, jobs.deleteJob),
  createToken: methodOf(AccessServiceDefinition, access.createToken),
  listTokens: methodOf(AccessServiceDefinition, access.listTokens),
  revokeToken: methodOf(AccessServiceDefinition, access.revokeToken),
  getStatus: methodOf(DaemonServiceDefinition, daemon.getStatus),
  drainDaemon: methodOf(DaemonServiceDefinition, daemon.drainDaemon),
  stopDaemon: methodOf(DaemonServiceDefinition, daemon.stopDaemon),
} as const;
