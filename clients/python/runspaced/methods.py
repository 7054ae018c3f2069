"""The daemon's methods that this client calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from .gen.runspace.v1 import configuration_pb2, daemon_pb2, job_pb2, pipeline_pb2, session_pb2

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """One method: its path and its messages."""

    path: str
    request: type[Request]
    response: type[Response]


_SESSIONS = "/runspace.v1.SessionService"
_PIPELINES = "/runspace.v1.PipelineService"
_JOBS = "/runspace.v1.JobService"
_CONFIGURATIONS = "/runspace.v1.ConfigurationService"
_DAEMON = "/runspace.v1.DaemonService"

CREATE_SESSION = Method(
    f"{_SESSIONS}/CreateSession", session_pb2.CreateSessionRequest, session_pb2.CreateSessionResponse
)
GET_SESSION = Method(f"{_SESSIONS}/GetSession", session_pb2.GetSessionRequest, session_pb2.GetSessionResponse)
LIST_SESSIONS = Method(
    f"{_SESSIONS}/ListSessions", session_pb2.ListSessionsRequest, session_pb2.ListSessionsResponse
)
UPDATE_SESSION = Method(
    f"{_SESSIONS}/UpdateSession", session_pb2.UpdateSessionRequest, session_pb2.UpdateSessionResponse
)
CONNECT_SESSION = Method(
    f"{_SESSIONS}/ConnectSession", session_pb2.ConnectSessionRequest, session_pb2.ConnectSessionResponse
)
DISCONNECT_SESSION = Method(
    f"{_SESSIONS}/DisconnectSession",
    session_pb2.DisconnectSessionRequest,
    session_pb2.DisconnectSessionResponse,
)
DELETE_SESSION = Method(
    f"{_SESSIONS}/DeleteSession", session_pb2.DeleteSessionRequest, session_pb2.DeleteSessionResponse
)
RESET_SESSION = Method(
    f"{_SESSIONS}/ResetSession", session_pb2.ResetSessionRequest, session_pb2.ResetSessionResponse
)
DESCRIBE_SESSION = Method(
    f"{_SESSIONS}/DescribeSession", session_pb2.DescribeSessionRequest, session_pb2.DescribeSessionResponse
)
ATTACH_SESSION = Method(
    f"{_SESSIONS}/AttachSession", session_pb2.AttachSessionRequest, session_pb2.AttachSessionResponse
)
WATCH_SESSIONS = Method(
    f"{_SESSIONS}/WatchSessions", session_pb2.WatchSessionsRequest, session_pb2.WatchSessionsResponse
)
START_PIPELINE = Method(
    f"{_PIPELINES}/StartPipeline", pipeline_pb2.StartPipelineRequest, pipeline_pb2.StartPipelineResponse
)
RECEIVE_PIPELINE = Method(
    f"{_PIPELINES}/ReceivePipeline", pipeline_pb2.ReceivePipelineRequest, pipeline_pb2.ReceivePipelineResponse
)
INVOKE_PIPELINE = Method(
    f"{_PIPELINES}/InvokePipeline", pipeline_pb2.InvokePipelineRequest, pipeline_pb2.InvokePipelineResponse
)
RESPOND_TO_HOST_CALL = Method(
    f"{_PIPELINES}/RespondToHostCall",
    pipeline_pb2.RespondToHostCallRequest,
    pipeline_pb2.RespondToHostCallResponse,
)
ACKNOWLEDGE_RECORDS = Method(
    f"{_PIPELINES}/AcknowledgeRecords",
    pipeline_pb2.AcknowledgeRecordsRequest,
    pipeline_pb2.AcknowledgeRecordsResponse,
)
STOP_PIPELINE = Method(
    f"{_PIPELINES}/StopPipeline", pipeline_pb2.StopPipelineRequest, pipeline_pb2.StopPipelineResponse
)
GET_PIPELINE = Method(
    f"{_PIPELINES}/GetPipeline", pipeline_pb2.GetPipelineRequest, pipeline_pb2.GetPipelineResponse
)
LIST_PIPELINES = Method(
    f"{_PIPELINES}/ListPipelines", pipeline_pb2.ListPipelinesRequest, pipeline_pb2.ListPipelinesResponse
)
REVEAL_SECRET = Method(
    f"{_PIPELINES}/RevealSecret", pipeline_pb2.RevealSecretRequest, pipeline_pb2.RevealSecretResponse
)
START_JOB = Method(f"{_JOBS}/StartJob", job_pb2.StartJobRequest, job_pb2.StartJobResponse)
RECEIVE_JOB = Method(f"{_JOBS}/ReceiveJob", job_pb2.ReceiveJobRequest, job_pb2.ReceiveJobResponse)
ACKNOWLEDGE_JOB = Method(
    f"{_JOBS}/AcknowledgeJob", job_pb2.AcknowledgeJobRequest, job_pb2.AcknowledgeJobResponse
)
GET_JOB = Method(f"{_JOBS}/GetJob", job_pb2.GetJobRequest, job_pb2.GetJobResponse)
WAIT_JOB = Method(f"{_JOBS}/WaitJob", job_pb2.WaitJobRequest, job_pb2.WaitJobResponse)
STOP_JOB = Method(f"{_JOBS}/StopJob", job_pb2.StopJobRequest, job_pb2.StopJobResponse)
DELETE_JOB = Method(f"{_JOBS}/DeleteJob", job_pb2.DeleteJobRequest, job_pb2.DeleteJobResponse)
LIST_JOBS = Method(f"{_JOBS}/ListJobs", job_pb2.ListJobsRequest, job_pb2.ListJobsResponse)
WATCH_JOBS = Method(f"{_JOBS}/WatchJobs", job_pb2.WatchJobsRequest, job_pb2.WatchJobsResponse)
LIST_CONFIGURATIONS = Method(
    f"{_CONFIGURATIONS}/ListConfigurations",
    configuration_pb2.ListConfigurationsRequest,
    configuration_pb2.ListConfigurationsResponse,
)
GET_CONFIGURATION = Method(
    f"{_CONFIGURATIONS}/GetConfiguration",
    configuration_pb2.GetConfigurationRequest,
    configuration_pb2.GetConfigurationResponse,
)
REGISTER_CONFIGURATION = Method(
    f"{_CONFIGURATIONS}/RegisterConfiguration",
    configuration_pb2.RegisterConfigurationRequest,
    configuration_pb2.RegisterConfigurationResponse,
)
UNREGISTER_CONFIGURATION = Method(
    f"{_CONFIGURATIONS}/UnregisterConfiguration",
    configuration_pb2.UnregisterConfigurationRequest,
    configuration_pb2.UnregisterConfigurationResponse,
)
GET_STATUS = Method(f"{_DAEMON}/GetStatus", daemon_pb2.GetStatusRequest, daemon_pb2.GetStatusResponse)
DRAIN_DAEMON = Method(f"{_DAEMON}/DrainDaemon", daemon_pb2.DrainDaemonRequest, daemon_pb2.DrainDaemonResponse)
STOP_DAEMON = Method(f"{_DAEMON}/StopDaemon", daemon_pb2.StopDaemonRequest, daemon_pb2.StopDaemonResponse)
