"""gRPC calls to one daemon."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import grpc

from .address import Address, TlsAddress, UnixAddress
from .caller import Caller
from .deep import allow_deep_messages
from .error import RunspaceError, cancelled, client_closed, from_rpc_error, protocol_error
from .methods import Method, Request, Response

_Answer = TypeVar("_Answer", covariant=True)


class Call(Generic[_Answer]):
    """The answers of one call. Its owner leaves it; what it started goes on."""

    def __init__(self, channel: Channel, connection: Any, call: Any, timeout: float | None) -> None:
        self._channel = channel
        self._connection = connection
        self._call = call
        self._timeout = timeout
        self._was_left = False

    def answers(self) -> Iterator[_Answer]:
        """Ends where the call ended well; raises a RunspaceError where it did not."""
        try:
            for answer in self._call:
                self._channel.heard()
                yield answer
        except grpc.RpcError as error:
            if self._was_left and not self._channel.is_closed:
                raise cancelled() from None
            raise self._channel.failure_of(error, self._connection, self._timeout) from None
        finally:
            self.leave()

    def leave(self) -> None:
        """Leaves the call; also one that another thread reads. Idempotent."""
        self._was_left = True
        self._call.cancel()

    def when_over(self, hear: Callable[[], None]) -> None:
        """Calls back when the call is over in every respect; at once where it is."""
        if not self._call.add_callback(hear):
            hear()


class Channel:
    """One connection to the daemon, made when it is first needed and again after it was lost."""

    def __init__(
        self,
        address: Address,
        *,
        caller: Caller,
        start: Callable[[], None] | None,
        maximum_message_bytes: int,
        silence: float,
    ) -> None:
        allow_deep_messages()
        self.address = address
        self._caller = caller
        application = address.application if isinstance(address, TlsAddress) else None
        self._metadata = None if application is None else (("runspace-application", application),)
        #: Whether the daemon has ever answered on this channel.
        self.was_connected = False
        self._start = start
        self._starting = threading.Lock()
        #: Whoever stops a daemon on purpose would not want it back at once.
        self._is_shut_down = False
        #: Whether the client was closed.
        self.is_closed = False
        self._options = _options(maximum_message_bytes, silence)
        self._lock = threading.Lock()
        self._connection: Any = None
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    def close(self) -> None:
        """Ends the connection and every call on it. Idempotent."""
        with self._lock:
            self.is_closed = True
            connections = list(self._connections)
        for connection in connections:
            connection.close()

    def unary(self, method: Method[Request, Response], request: Request, timeout: float) -> Response:
        """One question, one answer."""
        connection = self._connected()
        call = connection.unary_unary(method.path, _encode, _decoder(method))
        try:
            answer: Response = call(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self.failure_of(error, connection, timeout) from None
        except ValueError:
            raise self._closed() from None
        self.heard()
        return answer

    def stream(
        self, method: Method[Request, Response], request: Request, timeout: float | None
    ) -> Call[Response]:
        """One question, many answers."""
        connection = self._connected()
        make = connection.unary_stream(method.path, _encode, _decoder(method))
        return self._open(connection, make, request, timeout)

    def duplex(
        self, method: Method[Request, Response], requests: Iterator[Request], timeout: float | None
    ) -> Call[Response]:
        """Messages both ways; the requests are pulled in a thread of gRPC's own, at the daemon's pace."""
        connection = self._connected()
        make = connection.stream_stream(method.path, _encode, _decoder(method))
        return self._open(connection, make, requests, timeout)

    def failure_of(self, error: grpc.RpcError, connection: Any, timeout: float | None) -> RunspaceError:
        """What a failed call is told as. Starts a daemon where none listens and the caller can."""
        if self.is_closed:
            return client_closed()
        failure = from_rpc_error(error, self.address, timeout)
        if failure.reason == "SHUTTING_DOWN":
            self._is_shut_down = True
        if failure.reason in ("CONNECTION_LOST", "DAEMON_UNREACHABLE"):
            self._forget(connection)
        if failure.reason in ("ACCESS_DENIED", "DAEMON_UNREACHABLE"):
            self._start_daemon(failure)
        elif failure.grpc_code != "DEADLINE_EXCEEDED":
            self.was_connected = True
        return failure

    def heard(self) -> None:
        """The daemon has answered."""
        self.was_connected = True
        self._is_shut_down = False

    def _connected(self) -> Any:
        with self._lock:
            if self.is_closed:
                raise client_closed()
            if self._connection is None:
                self._connection = self._connect()
                self._connections.add(self._connection)
            return self._connection

    def _connect(self) -> Any:
        address = self.address
        if isinstance(address, UnixAddress):
            return grpc.insecure_channel(f"unix://{address.path}", self._options)
        host = f"[{address.host}]" if ":" in address.host else address.host
        return grpc.secure_channel(f"{host}:{address.port}", self._caller.credentials(), self._options)

    def _forget(self, connection: Any) -> None:
        """The next call gets a new connection at once; grpc's own would be tried again only much later. Other calls on
        this one may still end well."""
        with self._lock:
            if self._connection is connection:
                self._connection = None

    def _open(self, connection: Any, make: Any, requests: Any, timeout: float | None) -> Call[Any]:
        try:
            return Call(self, connection, make(requests, timeout=timeout, metadata=self._metadata), timeout)
        except ValueError:
            raise self._closed() from None

    def _closed(self) -> RunspaceError:
        """grpc says by a ValueError that the channel is closed, and that a message can't be encoded."""
        return client_closed() if self.is_closed else protocol_error("the request could not be sent")

    def _start_daemon(self, failure: RunspaceError) -> None:
        if self._start is None or self._is_shut_down or failure.reason != "DAEMON_UNREACHABLE":
            return
        with self._starting:
            self._start()


def _encode(message: Any) -> bytes:
    encoded: bytes = message.SerializeToString()
    return encoded


def _decoder(method: Method[Any, Response]) -> Callable[[bytes], Response]:
    decode: Callable[[bytes], Response] = getattr(method.response, "FromString")
    return decode


def _options(maximum_message_bytes: int, silence: float) -> list[tuple[str, int]]:
    """``silence``: seconds without a sign of life after which a connection counts as lost."""
    ping = max(int(silence * 1000 / 2), 1)
    return [
        ("grpc.max_receive_message_length", maximum_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", 1 << 20),  # An error's message may be long.
        ("grpc.use_local_subchannel_pool", 1),  # Another client's losses are not this one's.
        ("grpc.enable_http_proxy", 0),
        ("grpc.min_reconnect_backoff_ms", int(silence * 1000)),  # How long a connection may take to be made.
        ("grpc.enable_retries", 0),  # Calls are tried again by their request ids.
        ("grpc.keepalive_time_ms", ping),
        ("grpc.keepalive_timeout_ms", ping),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", ping),
    ]
