"""The daemon's methods on one channel, on behalf of one client."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from .backoff import Backoff
from .channel import Call, Channel
from .error import RunspaceError, deadline_exceeded, stream_ended
from .methods import Method, Request, Response
from .times import Span, seconds_of

_CALL_TIMEOUT = 60.0


@dataclass(frozen=True)
class Patience:
    """How long lost connections are mended, in seconds."""

    #: How long a daemon that was never reached is tried.
    connect_timeout: float
    #: How long a daemon that was lost is tried.
    retry_limit: float


class Leaving:
    """Lets any thread leave what another one reads, over however many calls that takes."""

    def __init__(self, timeout: Span | None = None) -> None:
        #: Set once nobody wants more.
        self.event = threading.Event()
        #: When the caller's time is over, of ``time.monotonic``; None: never.
        self.deadline = None if timeout is None else time.monotonic() + seconds_of(timeout)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._leave: Call[object] | None = None

    def during(self, call: Call[object]) -> None:
        """This is the call to leave from now on."""
        with self._lock:
            self._leave = call
            if self.event.is_set():
                call.leave()

    def leave(self) -> None:
        """Leaves now. Idempotent."""
        with self._lock:
            self.event.set()
            if self._leave is not None:
                self._leave.leave()

    def time_left(self) -> float | None:
        """Seconds until the deadline; raises DEADLINE_EXCEEDED when it has passed."""
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise deadline_exceeded(None if self._timeout is None else seconds_of(self._timeout))
        return left


class Api:
    """Calls that are tried again while the daemon can't be reached."""

    def __init__(self, channel: Channel, client_id: str, patience: Patience) -> None:
        self._channel = channel
        self._patience = patience
        self._closed = threading.Event()
        #: Who asks; the same text in all calls of one client.
        self.client_id = client_id

    def close(self) -> None:
        """Ends all calls."""
        self._closed.set()
        self._channel.close()

    def backoff(self, leaving: Leaving) -> Backoff:
        """Delays between tries; ``leaving`` ends them."""
        return Backoff(self._limit, leaving.event, leaving.deadline)

    def unary(
        self, method: Method[Request, Response], request: Request, timeout: Span | None = None
    ) -> Response:
        """One question, one answer; asked again while the daemon can't be reached. Every call of ours may be repeated:
        it has the same request id then."""
        span = Leaving(timeout)
        backoff = Backoff(self._limit, self._closed, span.deadline)
        while True:
            try:
                return self._channel.unary(method, request, span.time_left() or _CALL_TIMEOUT)
            except RunspaceError as error:
                backoff.pause_after(error)

    def stream(
        self, method: Method[Request, Response], request: Request, leaving: Leaving
    ) -> Generator[Response, None, None]:
        """One question, many answers. Not asked again: its caller knows where to go on."""
        call = self._channel.stream(method, request, leaving.time_left())
        leaving.during(call)
        yield from call.answers()

    def duplex(
        self, method: Method[Request, Response], requests: Iterator[Request], leaving: Leaving
    ) -> Call[Response]:
        """A call with messages both ways."""
        call = self._channel.duplex(method, requests, leaving.time_left())
        leaving.during(call)
        return call

    def reopening(
        self, method: Method[Request, Response], request: Request, leaving: Leaving, *, ends: bool
    ) -> Generator[Response | None, None, None]:
        """Answers of a stream that is opened again when it is lost; None: it begins. ``ends``: the daemon may end it."""
        backoff = self.backoff(leaving)
        while True:
            yield None
            try:
                for answer in self.stream(method, request, leaving):
                    backoff.reset()
                    yield answer
                if ends:
                    return
                raise stream_ended()
            except RunspaceError as error:
                backoff.pause_after(error)

    def _limit(self) -> float:
        patience = self._patience
        return patience.retry_limit if self._channel.was_connected else patience.connect_timeout
