"""How lost calls are tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .error import RunspaceError, cancelled, deadline_exceeded

_FIRST_DELAY = 0.025
_LONGEST_DELAY = 1.0


class Backoff:
    """Growing delays between tries of one thing."""

    def __init__(
        self, limit_now: Callable[[], float], left: threading.Event, deadline: float | None = None
    ) -> None:
        """``limit_now`` is asked at each failure: a daemon that was never reached gets less patience than one that
        was lost. ``left`` ends the waiting; so does the ``deadline``, a time of ``time.monotonic``."""
        self._limit_now = limit_now
        self._left = left
        self._deadline = deadline
        self._tries = 0
        self._since: float | None = None

    def reset(self) -> None:
        """Something went well: the next delay is a short one again."""
        self._tries = 0
        self._since = None

    def pause_after(self, error: RunspaceError) -> None:
        """Waits before the next try. Raises the error where trying again does not help or has taken too long."""
        if error.retry_after is None:
            raise error
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = self._since + self._limit_now() - now
        if left <= 0:
            raise error
        delay = max(min(_FIRST_DELAY * 2**self._tries, _LONGEST_DELAY), error.retry_after)
        self._tries = min(self._tries + 1, 20)
        delay = min(delay, left)
        if self._deadline is not None:
            delay = min(delay, max(self._deadline - now, 0))
        if self._left.wait(delay):
            raise cancelled() from error
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise deadline_exceeded(None) from error
