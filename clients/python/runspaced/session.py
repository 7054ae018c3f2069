"""One session."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from .error import Problem
from .gen.runspace.v1 import session_pb2
from .kinds import Availability, SessionState, Waiting
from .pipelines import Pipelines
from .record import problem_of
from .times import moment_of, span_of

if TYPE_CHECKING:
    from .sessions import Sessions

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class SessionInfo:
    """A session as it was when it was asked for. What is not named here is in ``proto``."""

    def __init__(self, proto: session_pb2.Session) -> None:
        #: The session as the daemon sent it.
        self.proto = proto

    @property
    def id(self) -> str:
        """Its id, a GUID: PowerShell's InstanceId."""
        return self.proto.id

    @property
    def number(self) -> int:
        """Its number among the daemon's sessions: PowerShell's Id."""
        return self.proto.number

    @property
    def name(self) -> str:
        """Its name, unique for its owner."""
        return self.proto.name

    @property
    def engine(self) -> str:
        """``powershell``, ``javascript`` ..."""
        return self.proto.engine

    @property
    def state(self) -> SessionState:
        """Its state, for this client."""
        return SessionState(self.proto.state)

    @property
    def availability(self) -> Availability:
        """Its availability, for this client."""
        return Availability(self.proto.availability)

    @property
    def problem(self) -> Problem | None:
        """Why it is broken or closed."""
        return problem_of(self.proto.problem) if self.proto.HasField("problem") else None

    @property
    def runspace_id(self) -> str:
        """The engine's id of its runspace; empty until it is open."""
        return self.proto.runspace_id

    @property
    def target(self) -> str:
        """Where it runs, as PSComputerName shows it."""
        return self.proto.target

    @property
    def connected_client_id(self) -> str:
        """The connected client; empty: none."""
        return self.proto.connected_client_id

    @property
    def create_time(self) -> datetime | None:
        """When it was created."""
        return moment_of(self.proto.create_time) if self.proto.HasField("create_time") else None

    @property
    def idle_remaining(self) -> timedelta | None:
        """Time left on the idle clock."""
        return span_of(self.proto.idle_remaining) if self.proto.HasField("idle_remaining") else None

    @property
    def running_pipeline_id(self) -> str:
        """The id of the running command; empty: none."""
        return self.proto.running_pipeline_id

    @property
    def running_command(self) -> str:
        """The running command's text, cut after 1024 characters."""
        return self.proto.running_command

    @property
    def queued(self) -> int:
        """Commands that wait for their turn."""
        return self.proto.queued

    @property
    def waiting(self) -> Waiting:
        """What the running command waits for."""
        return Waiting(self.proto.waiting)

    @property
    def configuration(self) -> str:
        """Name of its configuration; empty: the engine's own."""
        return self.proto.configuration

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} {self.name!r} {self.engine} {self.state.name}>"


class Session(SessionInfo):
    """One session, as it was when it was asked for, and what can be done with it.

    Its verbs are those of ``client.pipelines`` and ``client.sessions``, with the session already given.
    """

    def __init__(self, proto: session_pb2.Session, sessions: Sessions, pipelines: Pipelines) -> None:
        """Made by ``client.sessions``."""
        super().__init__(proto)
        #: Starts a command, whose records are then read.
        self.invoke = _bound(pipelines.invoke, self.id)
        #: Starts a command and leaves it running.
        self.start = _bound(pipelines.start, self.id)
        #: Reads a command's records.
        self.receive = _bound(pipelines.receive, self.id)
        #: Asks a command, by default the running one, to end.
        self.stop = _bound(pipelines.stop, self.id)
        #: Its commands, oldest first.
        self.pipelines = _bound(pipelines.list, self.id)
        #: The session as it is now.
        self.refresh = _bound(sessions.get, self.id)
        #: Connects this client.
        self.connect = _bound(sessions.connect, self.id)
        #: Ends this client's connection.
        self.disconnect = _bound(sessions.disconnect, self.id)
        #: Gives its variables their first values back.
        self.reset = _bound(sessions.reset, self.id)
        #: Changes its name.
        self.rename = _bound(sessions.rename, self.id)
        #: What its engine can do.
        self.describe = _bound(sessions.describe, self.id)
        #: Ends it for good.
        self.remove = _bound(sessions.remove, self.id)


def _bound(
    verb: Callable[Concatenate[str | int, _Arguments], _Result], session: str
) -> Callable[_Arguments, _Result]:
    """The verb with its session given."""

    @functools.wraps(verb)
    def call(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        return verb(session, *arguments, **options)

    del call.__wrapped__  # type: ignore[attr-defined]
    return call
