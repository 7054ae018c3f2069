"""What a pipeline writes, as the library hands it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Union

from .error import Problem
from .gen.runspace.v1 import record_pb2
from .gen.runspace.v1.error_pb2 import Problem as ProblemMessage
from .gen.runspace.v1.pipeline_pb2 import PipelineSnapshot
from .gen.runspace.v1.value_pb2 import Value
from .kinds import FinalState, GapReason
from .times import moment_of
from .value import from_value


@dataclass(frozen=True)
class Origin:
    """Where records come from: said once in the snapshot that begins a stream."""

    target: str
    runspace_id: str
    session_id: str
    session_name: str
    pipeline_id: str


def origin_of(snapshot: PipelineSnapshot) -> Origin:
    """What a stream's snapshot says of every record that follows it."""
    return Origin(
        snapshot.target,
        snapshot.runspace_id,
        snapshot.session_id,
        snapshot.session_name,
        snapshot.pipeline.id,
    )


def problem_of(message: ProblemMessage) -> Problem:
    """The problem that a message says."""
    return Problem(message.reason, message.message, dict(message.metadata))


class _Decorated:
    """Where a record comes from, under PowerShell's names where it has them."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    @property
    def PSComputerName(self) -> str:
        """Name of the target."""
        return self._origin.target

    @property
    def RunspaceId(self) -> str:
        """The engine's id of its runspace."""
        return self._origin.runspace_id

    @property
    def PSShowComputerName(self) -> bool:
        """Whether a view shows the target's name."""
        return True

    @property
    def session_id(self) -> str:
        """The session's id: PowerShell's InstanceId."""
        return self._origin.session_id

    @property
    def session_name(self) -> str:
        """The session's name."""
        return self._origin.session_name

    @property
    def pipeline_id(self) -> str:
        """The pipeline's id."""
        return self._origin.pipeline_id


class _Numbered(_Decorated):
    stream: str

    def __init__(self, proto: record_pb2.Record, origin: Origin) -> None:
        super().__init__(origin)
        #: The record as the daemon sent it.
        self.proto = proto

    @property
    def sequence(self) -> int:
        """Its number in the pipeline, from 1."""
        return self.proto.sequence

    @property
    def time(self) -> datetime | None:
        """When it was written."""
        return moment_of(self.proto.time) if self.proto.HasField("time") else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.sequence}>"


class OutputRecord(_Numbered):
    """A value written to the output stream."""

    stream: Literal["output"] = "output"

    @cached_property
    def value(self) -> Any:
        """The value, as ``from_value`` gives it."""
        return from_value(self.typed_value)

    @property
    def typed_value(self) -> Value:
        """The value as the API has it, with widths, kinds and type names."""
        return self.proto.output.value

    @property
    def tag(self) -> str:
        """``stdout`` when a script engine or native program printed it; empty when it is a result."""
        return self.proto.output.tag

    @property
    def text(self) -> str:
        """The value as CLIXML or JSON, when the receiver asked for that format."""
        return self.proto.output.text

    def __repr__(self) -> str:
        return f"<OutputRecord {self.sequence}: {self.value!r}>"


class DisplayRecord(_Numbered):
    """Output as the engine's own formatters lay it out; only where the start asked for it."""

    stream: Literal["display"] = "display"

    @property
    def text(self) -> str:
        """Whole lines, without the last one's end."""
        return self.proto.display.text

    def __repr__(self) -> str:
        return f"<DisplayRecord {self.sequence}: {self.text!r}>"


class ErrorRecord(_Numbered):
    """An error that the command reported. The one that ended a failed pipeline stands right before its final record."""

    stream: Literal["error"] = "error"

    @property
    def message(self) -> str:
        """What happened, for people."""
        return self.proto.error.message

    @property
    def exception_type(self) -> str:
        """Class of the exception, such as ``System.DivideByZeroException``."""
        return self.proto.error.exception_type

    @property
    def fully_qualified_error_id(self) -> str:
        """PowerShell's FullyQualifiedErrorId."""
        return self.proto.error.fully_qualified_error_id

    @property
    def category(self) -> str:
        """PowerShell's category by name."""
        return self.proto.error.category

    @property
    def category_message(self) -> str:
        """PowerShell's category line."""
        return self.proto.error.category_message

    @property
    def script_stack_trace(self) -> str:
        """Where in the script it happened, one frame a line."""
        return self.proto.error.script_stack_trace

    @property
    def recommended_action(self) -> str:
        """What the engine suggests to do."""
        return self.proto.error.recommended_action

    @cached_property
    def target_object(self) -> Any:
        """The object being worked on."""
        return from_value(self.proto.error.target_object)

    @cached_property
    def value(self) -> Any:
        """The error record whole, as the engine sent it."""
        return from_value(self.proto.error.value)

    def __repr__(self) -> str:
        return f"<ErrorRecord {self.sequence}: {self.message!r}>"


class _MessageRecord(_Numbered):
    @property
    def _body(self) -> record_pb2.MessageRecord:
        body: record_pb2.MessageRecord = getattr(self.proto, self.stream)
        return body

    @property
    def message(self) -> str:
        """The text."""
        return self._body.message

    @cached_property
    def invocation(self) -> Any:
        """Where it was written, when invocation info was asked for."""
        return from_value(self._body.invocation)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.sequence}: {self.message!r}>"


class WarningRecord(_MessageRecord):
    """A warning."""

    stream: Literal["warning"] = "warning"


class VerboseRecord(_MessageRecord):
    """A verbose message."""

    stream: Literal["verbose"] = "verbose"


class DebugRecord(_MessageRecord):
    """A debug message."""

    stream: Literal["debug"] = "debug"


class InformationRecord(_Numbered):
    """A record of the information stream; also what a program printed on standard error."""

    stream: Literal["information"] = "information"

    @property
    def message(self) -> str:
        """The text that a terminal shows."""
        return self.proto.information.message

    @cached_property
    def value(self) -> Any:
        """The message's value."""
        return from_value(self.proto.information.value)

    @property
    def tags(self) -> Sequence[str]:
        """``PSHOST`` for Write-Host, ``stderr`` for standard error."""
        return tuple(self.proto.information.tags)

    @property
    def source(self) -> str:
        """The command or script that wrote it."""
        return self.proto.information.source

    def __repr__(self) -> str:
        return f"<InformationRecord {self.sequence}: {self.message!r}>"


class ProgressRecord(_Numbered):
    """The state of a progress bar."""

    stream: Literal["progress"] = "progress"

    @property
    def activity(self) -> str:
        """What is being done."""
        return self.proto.progress.activity

    @property
    def activity_id(self) -> int:
        """Tells bars apart."""
        return self.proto.progress.activity_id

    @property
    def parent_activity_id(self) -> int:
        """The bar above this one; -1: none."""
        return self.proto.progress.parent_activity_id

    @property
    def status_description(self) -> str:
        """How far it is, in words."""
        return self.proto.progress.status_description

    @property
    def current_operation(self) -> str:
        """The step at hand."""
        return self.proto.progress.current_operation

    @property
    def percent_complete(self) -> int:
        """0 to 100; -1: unknown."""
        return self.proto.progress.percent_complete

    @property
    def seconds_remaining(self) -> int:
        """-1: unknown."""
        return self.proto.progress.seconds_remaining

    @property
    def completed(self) -> bool:
        """True: the bar may be taken away."""
        return self.proto.progress.completed


class HostCallRecord(_Numbered):
    """The engine asks whoever is connected; ``pipeline.respond`` answers."""

    stream: Literal["host_call"] = "host_call"

    @property
    def call_id(self) -> int:
        """Its number in the engine; the answer names it."""
        return self.proto.host_call.call_id

    @property
    def method(self) -> str:
        """PowerShell's host method, such as ``PromptForChoice``."""
        return self.proto.host_call.method

    @cached_property
    def parameters(self) -> list[Any]:
        """The arguments of the call."""
        return [from_value(each) for each in self.proto.host_call.parameters]

    @property
    def needs_response(self) -> bool:
        """True: the command waits for an answer."""
        return self.proto.host_call.needs_response


class FinalRecord(_Numbered):
    """The last record of every pipeline."""

    stream: Literal["final"] = "final"

    @property
    def state(self) -> FinalState:
        """How it ended."""
        return FinalState(self.proto.final.state)

    @property
    def problem(self) -> Problem | None:
        """Why it failed or was stopped."""
        return problem_of(self.proto.final.problem) if self.proto.final.HasField("problem") else None

    @property
    def exit_code(self) -> int | None:
        """The exit code, where the command set one."""
        return self.proto.final.exit_code if self.proto.final.HasField("exit_code") else None

    def __repr__(self) -> str:
        return f"<FinalRecord {self.sequence}: {self.state.name}>"


class SessionEventRecord(_Numbered):
    """A change of the session itself; only among a session's own records."""

    stream: Literal["session_event"] = "session_event"

    @property
    def event(self) -> str:
        """What happened, such as ``opened`` or ``broken``."""
        return self.proto.session_event.event

    @property
    def problem(self) -> Problem | None:
        """Why, where there is a reason."""
        event = self.proto.session_event
        return problem_of(event.problem) if event.HasField("problem") else None

    @property
    def client_id(self) -> str:
        """Who did it, where a client did."""
        return self.proto.session_event.client_id


class UnknownRecord(_Numbered):
    """A kind of record that only a newer client knows."""

    stream: Literal["unknown"] = "unknown"


class GapRecord(_Decorated):
    """Numbers that have no records any more, in their place. A gap has no number of its own."""

    stream: Literal["gap"] = "gap"

    def __init__(self, first: int, last: int, reason: GapReason, origin: Origin) -> None:
        super().__init__(origin)
        #: First number that is gone.
        self.first = first
        #: Last number that is gone.
        self.last = last
        #: Why.
        self.reason = reason

    def __repr__(self) -> str:
        return f"<GapRecord {self.first} to {self.last}: {self.reason.name}>"


#: One record; ``stream`` and the class say what it is.
Record = Union[
    OutputRecord,
    DisplayRecord,
    ErrorRecord,
    WarningRecord,
    VerboseRecord,
    DebugRecord,
    InformationRecord,
    ProgressRecord,
    HostCallRecord,
    FinalRecord,
    SessionEventRecord,
    UnknownRecord,
    GapRecord,
]

_CLASSES: dict[str, Any] = {
    made.stream: made
    for made in (
        OutputRecord,
        DisplayRecord,
        ErrorRecord,
        WarningRecord,
        VerboseRecord,
        DebugRecord,
        InformationRecord,
        ProgressRecord,
        HostCallRecord,
        FinalRecord,
        SessionEventRecord,
    )
}


def joined(proto: record_pb2.Record, origin: Origin) -> Record:
    """The record with its origin."""
    made: Record = _CLASSES.get(proto.WhichOneof("body") or "", UnknownRecord)(proto, origin)
    return made
