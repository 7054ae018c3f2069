"""A command's pipeline input on its way to the keeper."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from .error import RunspaceError, invalid_argument
from .gen.runspace.v1.pipeline_pb2 import InputItem, InvokePipelineRequest
from .value import to_value

_Thing = TypeVar("_Thing")

_MOST_ITEMS = 256
_MOST_BYTES = 1 << 20


class Clixml(str):
    """An input item as CLIXML text: a document as Export-Clixml writes it, or one bare value."""


class InputSender:
    """Numbers items from 1, sends them in order, keeps them until the keeper has confirmed them, and sends them again
    over the next call when one was lost. Pulls no further ahead of the keeper than its window.

    The source is pulled in a thread of its own, so that a source that waits holds nobody else up.
    """

    def __init__(self, source: Iterable[object]) -> None:
        self._source = several(source, "input")
        self._changed = threading.Condition()
        self._unconfirmed: deque[tuple[InvokePipelineRequest, int]] = deque()
        self._bytes = 0
        self._confirmed = 0
        self._last = 0
        self._is_at_end = False
        self._is_closed = False
        self._failure: RunspaceError | None = None
        threading.Thread(target=self._pull, name="runspaced-input", daemon=True).start()

    def confirm(self, number: int) -> None:
        """Items up to this number are safe with the keeper."""
        with self._changed:
            while self._unconfirmed and self._unconfirmed[0][0].input.number <= number:
                self._bytes -= self._unconfirmed.popleft()[1]
            self._confirmed = max(self._confirmed, number)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more is wanted. Does not wait: the source may be waiting for its own next item."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def raise_if_failed(self) -> None:
        """Raises INPUT_FAILED where the source has failed."""
        with self._changed:
            if self._failure is not None:
                raise self._failure

    def requests(self, start: InvokePipelineRequest, call: CallState) -> Iterator[InvokePipelineRequest]:
        """What one call sends: its start, everything that is not confirmed, what the source gives, and the end.

        A source that fails has its command stopped, which would wait for the rest for ever.
        """
        yield start
        next_number = self._confirmed + 1
        while (request := self._reach(next_number, call)) is not None:
            yield request
            if not request.HasField("input"):
                break
            next_number = request.input.number + 1
        if self._failure is not None:
            call.wait()  # The end of the requests would look like a client that is lost.

    def _reach(self, number: int, call: CallState) -> InvokePipelineRequest | None:
        """The item with this number, the next one that is not confirmed, the end or the stop; None: the call is over."""
        with self._changed:
            self._changed.wait_for(lambda: call.is_over or self._is_closed or self._has(number))
            if call.is_over or self._is_closed:
                return None
            for request, _ in self._unconfirmed:
                if request.input.number >= number:
                    return request
            return _stop() if self._failure is not None else _end_of_input()

    def _has(self, number: int) -> bool:
        return self._last >= number or self._is_at_end

    def wake(self) -> None:
        """A call is over."""
        with self._changed:
            self._changed.notify_all()

    def _pull(self) -> None:
        try:
            for thing in self._source:
                if not self._add(_item(thing)):
                    return
        except BaseException as error:  # Whatever it is, the command must not wait for ever.
            self._fail(error)
        with self._changed:
            self._is_at_end = True
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        message = f"the input of the command failed: {error}"
        failure = RunspaceError("INPUT_FAILED", message, grpc_code="CANCELLED")
        failure.__cause__ = error
        with self._changed:
            self._failure = failure

    def _add(self, request: InvokePipelineRequest) -> bool:
        """Whether more is wanted. Waits until there is room in the window."""
        with self._changed:
            self._last += 1
            request.input.number = self._last
            size = request.ByteSize()
            self._unconfirmed.append((request, size))
            self._bytes += size
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_closed or not self._is_full())
            return not self._is_closed

    def _is_full(self) -> bool:
        return len(self._unconfirmed) >= _MOST_ITEMS or self._bytes >= _MOST_BYTES


def several(things: Iterable[_Thing], what: str) -> Iterable[_Thing]:
    """The things, unless they are one thing that only looks like several: text gives its characters, a dict its keys."""
    if isinstance(things, (str, bytes, bytearray, Mapping)):
        raise invalid_argument(
            f"{what} is several values: give a list, such as [{type(things).__name__}(...)]"
        )
    return things


class CallState:
    """Whether a call is over, for the thread that sends over it."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._over = threading.Event()
        self._wake = wake

    @property
    def is_over(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._over.is_set()

    def end(self) -> None:
        """The call is over."""
        self._over.set()
        if self._wake is not None:
            self._wake()

    def wait(self) -> None:
        """Waits until the call is over."""
        self._over.wait()


def numbered_items(source: Iterable[object]) -> list[InputItem]:
    """All items of a source, numbered from 1: for what takes its input whole."""
    items = [_item(thing).input for thing in several(source, "input")]
    for number, item in enumerate(items, 1):
        item.number = number
    return items


def _item(thing: object) -> InvokePipelineRequest:
    if isinstance(thing, Clixml):
        return InvokePipelineRequest(input={"clixml": str(thing)})
    return InvokePipelineRequest(input={"value": to_value(thing)})


def _end_of_input() -> InvokePipelineRequest:
    request = InvokePipelineRequest()
    request.end_of_input.SetInParent()
    return request


def _stop() -> InvokePipelineRequest:
    request = InvokePipelineRequest()
    request.stop.SetInParent()
    return request
