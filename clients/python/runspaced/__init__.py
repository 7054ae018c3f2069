"""The Python client of runspaced: sessions, commands and their records.

>>> with Client() as client:
...     session = client.sessions.create("work", engine="javascript")
...     print(list(session.invoke("40 + 2").values()))
"""

from .client import Client
from .commands import Preferences
from .configurations import Configurations
from .daemon import Daemon
from .error import CommandError, Problem, RunspaceError
from .gen.runspace.v1.configuration_pb2 import Configuration
from .gen.runspace.v1.value_pb2 import Value
from .input import Clixml
from .jobs import Attached, Job, JobChange, JobRecords, Jobs, NewSession
from .kinds import (
    ActionPreference,
    Availability,
    FinalState,
    GapReason,
    HostCallPolicy,
    InputLostPolicy,
    JobOutcome,
    JobState,
    OutputBufferingMode,
    PipelineState,
    SessionState,
    Stream,
    ValueFormat,
    Waiting,
)
from .options import SessionOptions
from .pipeline import Pipeline, PipelineInfo, StopResult
from .pipelines import Pipelines
from .record import (
    DebugRecord,
    DisplayRecord,
    ErrorRecord,
    FinalRecord,
    GapRecord,
    HostCallRecord,
    InformationRecord,
    OutputRecord,
    ProgressRecord,
    Record,
    SessionEventRecord,
    UnknownRecord,
    VerboseRecord,
    WarningRecord,
)
from .session import Session, SessionInfo
from .sessions import SessionChange, Sessions
from .value import (
    Char,
    Entries,
    EnumValue,
    PSObject,
    ScriptBlock,
    SecureString,
    Uri,
    Version,
    Xml,
    from_value,
    to_value,
)

__all__ = [
    "ActionPreference",
    "Attached",
    "Availability",
    "Char",
    "Client",
    "Clixml",
    "CommandError",
    "Configuration",
    "Configurations",
    "Daemon",
    "DebugRecord",
    "Entries",
    "EnumValue",
    "ErrorRecord",
    "FinalRecord",
    "FinalState",
    "GapReason",
    "GapRecord",
    "HostCallPolicy",
    "HostCallRecord",
    "InformationRecord",
    "InputLostPolicy",
    "Job",
    "JobChange",
    "JobOutcome",
    "JobRecords",
    "JobState",
    "Jobs",
    "NewSession",
    "OutputBufferingMode",
    "OutputRecord",
    "PSObject",
    "Pipeline",
    "PipelineInfo",
    "PipelineState",
    "Pipelines",
    "Preferences",
    "Problem",
    "ProgressRecord",
    "Record",
    "RunspaceError",
    "ScriptBlock",
    "SecureString",
    "Session",
    "SessionChange",
    "SessionEventRecord",
    "SessionInfo",
    "SessionOptions",
    "SessionState",
    "Sessions",
    "StopResult",
    "Stream",
    "UnknownRecord",
    "Uri",
    "Value",
    "ValueFormat",
    "VerboseRecord",
    "Version",
    "Waiting",
    "WarningRecord",
    "Xml",
    "from_value",
    "to_value",
]
