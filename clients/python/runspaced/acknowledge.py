"""Telling the daemon which records are safe."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .error import RunspaceError

#: What was removed meanwhile needs no acknowledging any more.
_GONE = frozenset(["EXPIRED", "SESSION_NOT_FOUND", "PIPELINE_NOT_FOUND"])


class AcknowledgeSender:
    """Acknowledges records on reader ``owner``: one call at a time, each with the newest number, in a thread of its own
    that lives while there is something to tell."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._changed = threading.Condition()
        self._wanted = 0
        self._sent = 0
        self._is_sending = False
        self._failure: Exception | None = None

    def up_to(self, sequence: int) -> None:
        """Records up to this number are safe. Does not wait; raises what an earlier acknowledgement failed with."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            self._wanted = max(self._wanted, sequence)
            if self._is_sending or self._sent >= self._wanted:
                return
            self._is_sending = True
        threading.Thread(target=self._send, name="runspaced-acknowledge", daemon=True).start()

    def flush(self, timeout: float | None = None) -> None:
        """Waits until the newest number is acknowledged. Raises what that failed with."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_sending, timeout)
            if self._failure is not None:
                raise self._failure

    def settle(self, timeout: float) -> None:
        """Waits a while for what is on its way. What is not acknowledged only comes again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_sending, timeout)

    def _send(self) -> None:
        while (sequence := self._next()) is not None:
            try:
                self._tell(sequence)
            except RunspaceError as error:
                if error.reason not in _GONE:
                    self._end(error)
                    return
            except Exception as error:  # Handed to the reader, whose thread can raise it.
                self._end(error)
                return
            self._sent = sequence

    def _next(self) -> int | None:
        with self._changed:
            if self._sent < self._wanted:
                return self._wanted
            self._is_sending = False
            self._changed.notify_all()
            return None

    def _end(self, failure: Exception) -> None:
        with self._changed:
            self._failure = failure
            self._is_sending = False
            self._changed.notify_all()
