"""Why calls and commands fail."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import DecodeError

if TYPE_CHECKING:
    from .address import Address
    from .record import ErrorRecord, FinalRecord


class RunspaceError(Exception):
    """Why a call failed.

    ``reason`` is one of the daemon's reasons (docs/errors.md), such as ``SESSION_NOT_FOUND``, or one of this library:
    ``DAEMON_UNREACHABLE`` (nothing listens), ``CONNECTION_LOST``, ``DEADLINE_EXCEEDED``, ``PROTOCOL_ERROR``,
    ``INVALID_ARGUMENT``, ``INPUT_FAILED``, ``CANCELLED`` and ``CLIENT_CLOSED``. The message says what to do.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        grpc_code: str = "UNKNOWN",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        #: UPPER_SNAKE name of what went wrong.
        self.reason = reason
        #: What was tried, on what, and what to do next.
        self.message = message
        #: The gRPC status that belongs to the reason, by name.
        self.grpc_code = grpc_code
        #: Facts by name: ``session``, ``option``, ``limit`` ...
        self.metadata: dict[str, str] = dict(metadata or {})
        #: Wait this many seconds before trying again; None: trying again does not help.
        self.retry_after = retry_after

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason!r}, {self.message!r})"


class CommandError(RunspaceError):
    """A command that failed or was stopped: what ``Pipeline.values`` raises after the values that came before."""

    def __init__(self, final: FinalRecord, error: ErrorRecord | None) -> None:
        problem = final.problem
        reason = "STOPPED" if problem is None else problem.reason
        text = "" if problem is None else problem.message
        super().__init__(
            reason,
            text if error is None else error.message,
            grpc_code="ABORTED",
            metadata=None if problem is None else problem.metadata,
        )
        #: The command's last record.
        self.final = final
        #: Its last error record; None where there was none.
        self.error = error


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, as data: why a session is broken or closed, why a command failed."""

    #: One of the reasons listed in docs/errors.md, such as ``ENGINE_LOST``.
    reason: str
    #: What was tried, on what, and what to do next.
    message: str
    #: Facts beside the message.
    metadata: Mapping[str, str] = field(default_factory=dict)


def invalid_argument(message: str, **metadata: str) -> RunspaceError:
    """An argument that can't be sent at all."""
    return RunspaceError("INVALID_ARGUMENT", message, grpc_code="INVALID_ARGUMENT", metadata=metadata)


def connection_lost(message: str) -> RunspaceError:
    """The connection is gone; the same call may succeed over a new one."""
    return RunspaceError("CONNECTION_LOST", message, grpc_code="UNAVAILABLE", retry_after=0)


def stream_ended() -> RunspaceError:
    """A stream that the daemon ended although there is more to come; the caller opens it again."""
    return connection_lost("the daemon ended the stream before its end")


def protocol_error(message: str) -> RunspaceError:
    """The other side does not speak as it should."""
    return RunspaceError("PROTOCOL_ERROR", message, grpc_code="INTERNAL")


def cancelled() -> RunspaceError:
    """This program itself left the call."""
    return RunspaceError("CANCELLED", "this program has left the call", grpc_code="CANCELLED")


def client_closed() -> RunspaceError:
    """The client is closed."""
    return RunspaceError("CLIENT_CLOSED", "this client was closed", grpc_code="CANCELLED")


def deadline_exceeded(seconds: float | None) -> RunspaceError:
    """The caller's own time is over."""
    within = "in time" if seconds is None else f"within {seconds:g} s"
    return RunspaceError(
        "DEADLINE_EXCEEDED", f"the daemon did not answer {within}", grpc_code="DEADLINE_EXCEEDED"
    )


@dataclass(frozen=True)
class _Details:
    """What google.rpc.Status adds to a code and a message."""

    reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None


def from_rpc_error(error: grpc.RpcError, address: Address, timeout: float | None = None) -> RunspaceError:
    """The error that a failed gRPC call stands for. ``address`` tells a lost daemon from one that is not there."""
    code, text = error.code(), error.details() or ""
    details = _details_of(error)
    name = code.name
    if details.reason is None:
        if name == "DEADLINE_EXCEEDED":
            return deadline_exceeded(timeout)
        if name == "UNAVAILABLE" or _was_torn(name, text):
            return _loss(address, text)
    return RunspaceError(
        details.reason or name,
        text or f"the call ended with {details.reason or name}",
        grpc_code=name,
        metadata=details.metadata,
        retry_after=details.retry_after,
    )


def _was_torn(name: str, text: str) -> bool:
    """How gRPC tells of a connection that ended in the middle of a call."""
    if name == "CANCELLED":
        return True  # What this program cancels itself never comes here.
    return name in ("INTERNAL", "UNKNOWN") and ("RST_STREAM" in text or "Stream removed" in text)


def _loss(address: Address, text: str) -> RunspaceError:
    """Asks the socket itself why the daemon did not answer."""
    facts = {"address": str(address)}
    try:
        address.probe()
    except PermissionError:
        message = f"{address} belongs to another user: only its owner may connect"
        return RunspaceError("ACCESS_DENIED", message, grpc_code="PERMISSION_DENIED", metadata=facts)
    except OSError as cause:
        why = errno.errorcode.get(cause.errno or 0, str(cause))
        message = f"no daemon listens at {address} ({why}); {address.remedy}"
        return RunspaceError(
            "DAEMON_UNREACHABLE", message, grpc_code="UNAVAILABLE", metadata=facts, retry_after=0
        )
    return connection_lost(f"the connection to the daemon was lost ({text})")


def _details_of(error: grpc.RpcError) -> _Details:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return _decode_details(value)
    return _Details()


def _decode_details(status: bytes) -> _Details:
    """The details of a google.rpc.Status. What can't be read counts as not there: code and message remain."""
    reason: str | None = None
    metadata: dict[str, str] = {}
    retry_after: float | None = None
    try:
        for packed in _messages(status, 3):
            detail = any_pb2.Any.FromString(packed)
            kind = detail.type_url.rpartition("/")[2]
            if kind == "google.rpc.ErrorInfo":
                reason = _text(detail.value, 1)
                metadata.update((_text(entry, 1), _text(entry, 2)) for entry in _messages(detail.value, 3))
            elif kind == "google.rpc.RetryInfo":
                delays = [duration_pb2.Duration.FromString(delay) for delay in _messages(detail.value, 1)]
                retry_after = delays[0].seconds + delays[0].nanos / 1e9 if delays else 0.0
            elif kind == "google.rpc.QuotaFailure":
                for violation in _messages(detail.value, 1):
                    metadata.setdefault("quotaSubject", _text(violation, 1))
                    metadata.setdefault("quota", _text(violation, 2))
    except (DecodeError, ValueError, IndexError):
        return _Details()
    return _Details(reason or None, metadata, retry_after)


def _text(message: bytes, number: int) -> str:
    return next((piece.decode() for piece in _messages(message, number)), "")


def _messages(message: bytes, number: int) -> Iterator[bytes]:
    """The length-delimited fields of one number.

    google.rpc is read by hand: a copy of its protos in here would clash with another one in the same program.
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        if tag & 7 == 2:
            size, position = _varint(message, position)
            if position + size > len(message):
                raise ValueError("a field is longer than its message")
            if tag >> 3 == number:
                yield message[position : position + size]
            position += size
        elif tag & 7 == 0:
            _, position = _varint(message, position)
        elif tag & 7 in (1, 5):
            position += 8 if tag & 7 == 1 else 4
        else:
            raise ValueError("a field of no known wire type")


def _varint(message: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = message[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
