"""Choices for new sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .gen.runspace.v1 import session_pb2
from .kinds import HostCallPolicy, OutputBufferingMode
from .times import Span, duration
from .value import named_values


@dataclass(frozen=True)
class SessionOptions:
    """PowerShell's session options. What is left out gets the daemon's default."""

    #: Ends the session after this time without a client; at least a minute. Default 2 h.
    idle_timeout: Span | None = None
    #: Ends the session after this time without activity although a client is connected; default never.
    connected_idle_timeout: Span | None = None
    #: Ends the session this long after its creation; default never.
    lifetime: Span | None = None
    #: What happens to output that nobody reads; default Block.
    output_buffering_mode: OutputBufferingMode = OutputBufferingMode.UNSPECIFIED
    #: How long the engine may take to open; default 3 min.
    open_timeout: Span | None = None
    #: Largest object that the engine may send, in bytes; default 200 MiB.
    maximum_received_object_size: int = 0
    #: Bytes of records that may wait unread; default 1 GiB.
    unread_limit_bytes: int = 0
    #: Longest time that one command may run; default no limit.
    maximum_run_time: Span | None = None
    #: PowerShell's ``$PSSenderInfo.ApplicationArguments``.
    application_arguments: Mapping[str, object] = field(default_factory=dict)
    #: Bytes that the engine may send for one command; default no limit.
    maximum_received_data_size_per_command: int = 0
    #: ``$PSCulture``, such as ``de-DE``; default the engine's own.
    culture: str = ""
    #: ``$PSUICulture``; default the engine's own.
    ui_culture: str = ""
    #: How long a stop waits for the engine's answer; default 5 s.
    cancel_timeout: Span | None = None
    #: How long the engine may take to answer what is not a command; default 3 min.
    operation_timeout: Span | None = None
    #: Attempts to reach a target again after a lost connection.
    maximum_connection_retry_count: int = 0
    #: What becomes of host calls that nobody is connected to answer.
    host_calls: HostCallPolicy = HostCallPolicy.UNSPECIFIED


def session_options(choices: SessionOptions) -> session_pb2.SessionOptions:
    """The options as a message."""
    options = session_pb2.SessionOptions(
        idle_timeout=duration(choices.idle_timeout),
        connected_idle_timeout=duration(choices.connected_idle_timeout),
        lifetime=duration(choices.lifetime),
        open_timeout=duration(choices.open_timeout),
        maximum_received_object_size=choices.maximum_received_object_size,
        unread_limit_bytes=choices.unread_limit_bytes,
        maximum_run_time=duration(choices.maximum_run_time),
        maximum_received_data_size_per_command=choices.maximum_received_data_size_per_command,
        culture=choices.culture,
        ui_culture=choices.ui_culture,
        cancel_timeout=duration(choices.cancel_timeout),
        operation_timeout=duration(choices.operation_timeout),
        maximum_connection_retry_count=choices.maximum_connection_retry_count,
    )
    options.output_buffering_mode = int(choices.output_buffering_mode)  # type: ignore[assignment]
    options.host_calls = int(choices.host_calls)  # type: ignore[assignment]
    for name, value in named_values(choices.application_arguments, "application argument"):
        options.application_arguments[name].CopyFrom(value)
    return options
