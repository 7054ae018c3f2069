"""The API's enumerations, under short names. A number that only a newer daemon knows reads as UNSPECIFIED."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """What all enumerations of the API share."""

    @classmethod
    def _missing_(cls, value: object) -> Kind | None:
        return cls(0) if isinstance(value, int) and value != 0 else None


class SessionState(Kind):
    """The states of a session, for the one who looks: another's connection shows as Disconnected and Busy."""

    UNSPECIFIED = 0
    OPENING = 1
    OPENED = 2
    DISCONNECTED = 3
    CLOSING = 4
    CLOSED = 5
    BROKEN = 6


class Availability(Kind):
    """PowerShell's RunspaceAvailability."""

    UNSPECIFIED = 0
    NONE = 1
    AVAILABLE = 2
    AVAILABLE_FOR_NESTED_COMMAND = 3
    BUSY = 4
    REMOTE_DEBUG = 5


class HostCallPolicy(Kind):
    """What becomes of a host call that nobody is connected to answer."""

    UNSPECIFIED = 0
    WAIT = 1
    FAIL = 2
    DEFAULT = 3


class OutputBufferingMode(Kind):
    """What happens to a command when its unread output reaches the limit."""

    UNSPECIFIED = 0
    BLOCK = 1
    DROP = 2


class PipelineState(Kind):
    """The states of a pipeline."""

    UNSPECIFIED = 0
    NOT_STARTED = 1
    RUNNING = 2
    STOPPING = 3
    STOPPED = 4
    COMPLETED = 5
    FAILED = 6


class Waiting(Kind):
    """What a pipeline that is not finished waits for."""

    UNSPECIFIED = 0
    FOR_TURN = 1
    FOR_INPUT = 2
    FOR_ANSWER = 3
    FOR_READER = 4


class ActionPreference(Kind):
    """What a command does when it writes to a stream."""

    UNSPECIFIED = 0
    SILENTLY_CONTINUE = 1
    STOP = 2
    CONTINUE = 3
    INQUIRE = 4
    IGNORE = 5
    BREAK = 6


class InputLostPolicy(Kind):
    """What happens to a command whose client is lost while it sends input."""

    UNSPECIFIED = 0
    WAIT = 1
    END = 2
    STOP = 3


class ValueFormat(Kind):
    """In which form output values come: as values, or as text in ``OutputRecord.text``."""

    UNSPECIFIED = 0
    VALUE = 1
    CLIXML = 2
    JSON = 3


class Stream(Kind):
    """The streams a record can be on."""

    UNSPECIFIED = 0
    OUTPUT = 1
    ERROR = 2
    WARNING = 3
    VERBOSE = 4
    DEBUG = 5
    INFORMATION = 6
    PROGRESS = 7


class FinalState(Kind):
    """How a pipeline ended."""

    UNSPECIFIED = 0
    COMPLETED = 1
    FAILED = 2
    STOPPED = 3


class GapReason(Kind):
    """Why records are gone."""

    UNSPECIFIED = 0
    DROPPED = 1
    STOPPED = 2
    EXPIRED = 3
    DAMAGED = 4
    FILTERED = 5


class JobState(Kind):
    """The states of a job and of its children, with PowerShell's names."""

    UNSPECIFIED = 0
    NOT_STARTED = 1
    RUNNING = 2
    COMPLETED = 3
    FAILED = 4
    STOPPED = 5
    STOPPING = 6
    DISCONNECTED = 7


class JobOutcome(Kind):
    """How a job went at one target, once it is over there."""

    UNSPECIFIED = 0
    SUCCEEDED = 1
    FAILED = 2
    TIMED_OUT = 3
    UNREACHABLE = 4
    CANCELLED = 5
    SKIPPED = 6
    LOST = 7


def numbers(kinds: Sequence[Kind]) -> Any:
    """The numbers of several members, as messages take them."""
    return [int(kind) for kind in kinds]
