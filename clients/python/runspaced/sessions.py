"""Sessions: kept runspaces."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .api import Api, Leaving
from .gen.runspace.v1 import session_pb2
from .kinds import GapReason, OutputBufferingMode, SessionState, numbers
from .methods import (
    ATTACH_SESSION,
    CONNECT_SESSION,
    CREATE_SESSION,
    DELETE_SESSION,
    DESCRIBE_SESSION,
    DISCONNECT_SESSION,
    GET_SESSION,
    LIST_SESSIONS,
    RESET_SESSION,
    UPDATE_SESSION,
    WATCH_SESSIONS,
)
from .options import SessionOptions, session_options
from .pipelines import Pipelines
from .record import GapRecord, Origin, Record, joined
from .session import Session, SessionInfo
from .times import Span, duration, seconds_of
from .value import from_value

_OPEN_TIMEOUT = 180.0


@dataclass(frozen=True)
class SessionChange:
    """What a watcher hears: a session as it is now, or the id of one that is listed no more."""

    #: The session; None where it is gone.
    session: SessionInfo | None
    #: Its id.
    session_id: str


class Sessions:
    """Sessions. Each is named by its number, id, exact name, or the beginning of its id."""

    def __init__(self, api: Api, pipelines: Pipelines) -> None:
        """Made by ``Client``."""
        self._api = api
        self._pipelines = pipelines

    def create(
        self,
        name: str = "",
        *,
        engine: str = "",
        options: SessionOptions = SessionOptions(),
        working_directory: str = "",
        environment: Mapping[str, str] | None = None,
        configuration: str = "",
        wait: bool = True,
        request_id: str | None = None,
        timeout: Span | None = None,
    ) -> Session:
        """Opens a session. With ``wait`` returns when it is open, or raises why it is not.

        ``name``: not digits only; by default ``Runspace<number>``. ``engine``: by default PowerShell where one is found.
        ``environment`` is added to the engine's clean one. ``request_id`` makes the creation idempotent across programs.
        """
        request = session_pb2.CreateSessionRequest(
            request_id=str(uuid.uuid4()) if request_id is None else request_id,
            client_id=self._api.client_id,
            name=name,
            engine=engine,
            options=session_options(options),
            working_directory=working_directory,
            environment=dict(environment or {}),
            wait=wait,
            configuration=configuration,
        )
        if timeout is None and wait:
            opening = _OPEN_TIMEOUT if options.open_timeout is None else seconds_of(options.open_timeout)
            timeout = opening + 15
        return self._session(self._api.unary(CREATE_SESSION, request, timeout).session)

    def get(self, session: str | int, *, timeout: Span | None = None) -> Session:
        """One session."""
        request = session_pb2.GetSessionRequest(client_id=self._api.client_id, session=str(session))
        return self._session(self._api.unary(GET_SESSION, request, timeout).session)

    def list(
        self,
        sessions: Sequence[str | int] = (),
        *,
        states: Sequence[SessionState] = (),
        engine: str = "",
        timeout: Span | None = None,
    ) -> list[Session]:
        """The sessions that the caller may see, by number. ``sessions``: only these numbers, ids, names or patterns
        (``web*``). ``states``: only these; all but closed ones when left out."""
        found: list[Session] = []
        request = session_pb2.ListSessionsRequest(
            client_id=self._api.client_id,
            sessions=[str(session) for session in sessions],
            states=numbers(states),
            engine=engine,
        )
        while True:
            page = self._api.unary(LIST_SESSIONS, request, timeout)
            found.extend(map(self._session, page.sessions))
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def rename(self, session: str | int, name: str, *, timeout: Span | None = None) -> Session:
        """Changes a session's name."""
        request = session_pb2.UpdateSessionRequest(**self._change(session), name=name)
        return self._session(self._api.unary(UPDATE_SESSION, request, timeout).session)

    def connect(
        self,
        session: str | int,
        *,
        lease: Span | None = None,
        take_over: bool = False,
        timeout: Span | None = None,
    ) -> Session:
        """Connects this client until it disconnects or its lease (8 h) ends. Connecting again renews the lease."""
        request = session_pb2.ConnectSessionRequest(
            **self._change(session), lease=duration(lease), take_over=take_over
        )
        return self._session(self._api.unary(CONNECT_SESSION, request, timeout).session)

    def disconnect(
        self,
        session: str | int,
        *,
        idle_timeout: Span | None = None,
        output_buffering_mode: OutputBufferingMode = OutputBufferingMode.UNSPECIFIED,
        take_over: bool = False,
        timeout: Span | None = None,
    ) -> Session:
        """Ends this client's connection, with ``take_over`` anybody's; a running command goes on."""
        request = session_pb2.DisconnectSessionRequest(
            **self._change(session), idle_timeout=duration(idle_timeout), take_over=take_over
        )
        request.output_buffering_mode = int(output_buffering_mode)  # type: ignore[assignment]
        return self._session(self._api.unary(DISCONNECT_SESSION, request, timeout).session)

    def reset(self, session: str | int, *, timeout: Span | None = None) -> Session:
        """Gives the variables of a session's runspace and its current directory their first values back; only
        PowerShell can."""
        request = session_pb2.ResetSessionRequest(**self._change(session))
        return self._session(self._api.unary(RESET_SESSION, request, timeout).session)

    def describe(self, session: str | int, *, timeout: Span | None = None) -> dict[str, Any]:
        """What a session's engine can do, by name."""
        request = session_pb2.DescribeSessionRequest(session=str(session), client_id=self._api.client_id)
        answer = self._api.unary(DESCRIBE_SESSION, request, timeout)
        return {name: from_value(value) for name, value in answer.abilities.items()}

    def remove(
        self, session: str | int, *, take_over: bool = False, timeout: Span | None = None
    ) -> SessionInfo:
        """Ends a session for good; what runs in it is stopped."""
        request = session_pb2.DeleteSessionRequest(**self._change(session), take_over=take_over)
        return SessionInfo(self._api.unary(DELETE_SESSION, request, timeout).session)

    def attach(
        self,
        session: str | int,
        *,
        after_sequence: int | None = None,
        take_over: bool = False,
        read_only: bool = False,
        timeout: Span | None = None,
    ) -> Generator[SessionInfo | Record, None, None]:
        """Connects for as long as it is iterated over, and gives the session after each change and its own records.

        ``after_sequence``: records after this number, 0 from the first; left out: only new ones. ``read_only``: only
        look; the caller is not connected by it.
        """
        request = session_pb2.AttachSessionRequest(
            client_id=self._api.client_id, session=str(session), take_over=take_over, read_only=read_only
        )
        if after_sequence is not None:
            request.after_sequence = after_sequence
        origin = Origin("", "", "", "", "")
        for answer in self._api.reopening(ATTACH_SESSION, request, Leaving(timeout), ends=True):
            kind = None if answer is None else answer.WhichOneof("event")
            if answer is None or kind is None:
                continue
            if kind == "snapshot":
                one = answer.snapshot
                request.session = one.id
                origin = Origin(one.target, one.runspace_id, one.id, one.name, "")
                yield self._session(one)
            elif kind == "batch":
                for record in answer.batch.records:
                    request.after_sequence = record.sequence
                    yield joined(record, origin)
            elif kind == "gap":
                gap = answer.gap
                request.after_sequence = gap.to
                yield GapRecord(getattr(gap, "from"), gap.to, GapReason(gap.reason), origin)

    def watch(
        self, sessions: Sequence[str | int] = (), *, timeout: Span | None = None
    ) -> Generator[SessionChange, None, None]:
        """Sessions as they are, then every change. Goes on by itself when the daemon was restarted: all are told again
        then, and those gone meanwhile."""
        request = session_pb2.WatchSessionsRequest(
            client_id=self._api.client_id, sessions=[str(session) for session in sessions]
        )
        told: set[str] = set()
        seen: set[str] = set()
        for answer in self._api.reopening(WATCH_SESSIONS, request, Leaving(timeout), ends=False):
            kind = None if answer is None else answer.WhichOneof("event")
            if answer is None:
                seen = set()
            elif kind == "session":
                told.add(answer.session.id)
                seen.add(answer.session.id)
                yield SessionChange(self._session(answer.session), answer.session.id)
            elif kind == "ready":
                for gone in told - seen:
                    yield SessionChange(None, gone)
                told &= seen
            elif kind == "removed_session_id":
                told.discard(answer.removed_session_id)
                yield SessionChange(None, answer.removed_session_id)

    def _session(self, info: session_pb2.Session) -> Session:
        return Session(info, self, self._pipelines)

    def _change(self, session: str | int) -> dict[str, Any]:
        return {
            "request_id": str(uuid.uuid4()),
            "client_id": self._api.client_id,
            "session": str(session),
        }
