"""The daemon itself."""

from __future__ import annotations

import uuid

from .api import Api
from .gen.runspace.v1 import daemon_pb2
from .methods import DRAIN_DAEMON, GET_STATUS, STOP_DAEMON
from .times import Span


class Daemon:
    """The daemon itself."""

    def __init__(self, api: Api) -> None:
        """Made by ``Client``."""
        self._api = api

    def status(self, *, timeout: Span | None = None) -> daemon_pb2.GetStatusResponse:
        """What runs, as the daemon says it."""
        return self._api.unary(GET_STATUS, daemon_pb2.GetStatusRequest(), timeout)

    def drain(self, *, timeout: Span | None = None) -> None:
        """Refuses new sessions and commands from now on, and ends nothing."""
        request = daemon_pb2.DrainDaemonRequest(request_id=str(uuid.uuid4()), drain=True)
        self._api.unary(DRAIN_DAEMON, request, timeout)

    def resume(self, *, timeout: Span | None = None) -> None:
        """Takes a drain back."""
        request = daemon_pb2.DrainDaemonRequest(request_id=str(uuid.uuid4()), drain=False)
        self._api.unary(DRAIN_DAEMON, request, timeout)

    def stop(self, *, end_sessions: bool = False, timeout: Span | None = None) -> None:
        """Ends the daemon; sessions and their commands go on, unless they are to end too."""
        request = daemon_pb2.StopDaemonRequest(request_id=str(uuid.uuid4()), end_sessions=end_sessions)
        self._api.unary(STOP_DAEMON, request, timeout)
