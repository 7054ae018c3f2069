"""The two ways to get records: starting a command, and receiving one that runs already."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .api import Api, Leaving
from .error import invalid_argument
from .feed import Event, Position
from .gen.runspace.v1 import pipeline_pb2
from .gen.runspace.v1.pipeline_pb2 import InvokePipelineRequest, InvokeStart
from .input import CallState, InputSender, several
from .kinds import ActionPreference, HostCallPolicy, InputLostPolicy, Stream, ValueFormat, numbers
from .methods import INVOKE_PIPELINE, RECEIVE_PIPELINE
from .times import Span, duration
from .value import named_values, to_value


@dataclass(frozen=True)
class Preferences:
    """PowerShell's common parameters, for one command."""

    verbose: ActionPreference = ActionPreference.UNSPECIFIED
    debug: ActionPreference = ActionPreference.UNSPECIFIED
    error: ActionPreference = ActionPreference.UNSPECIFIED
    warning: ActionPreference = ActionPreference.UNSPECIFIED
    information: ActionPreference = ActionPreference.UNSPECIFIED
    progress: ActionPreference = ActionPreference.UNSPECIFIED


@dataclass(frozen=True)
class StartOptions:
    """Choices for starting a command."""

    #: Positional arguments.
    arguments: Sequence[object] = ()
    #: Arguments by name, without the dash.
    named_arguments: Mapping[str, object] = field(default_factory=dict)
    #: Run in a scope of its own: variables set by the command are gone afterwards.
    new_scope: bool = False
    #: Values for ``$Using:`` expressions: expression without ``$Using:``, such as ``x.Length``.
    using: Mapping[str, object] = field(default_factory=dict)
    #: Preferences for this command only.
    preferences: Preferences | None = None
    #: Error, warning, verbose and debug records say where in the script they were written.
    invocation_info: bool = False
    #: Fail with SESSION_BUSY instead of queueing behind another command.
    no_wait: bool = False
    #: Ends the command, not the session, after this time.
    run_timeout: Span | None = None
    #: Ends the command when it wrote nothing for this time.
    output_timeout: Span | None = None
    #: What becomes of host calls that nobody is connected to answer.
    host_calls: HostCallPolicy = HostCallPolicy.UNSPECIFIED
    #: Output also comes as ``DisplayRecord``, laid out this wide by the engine's own formatters, where it has them.
    display_columns: int | None = None
    #: Makes the start idempotent across programs; made up when left out.
    request_id: str | None = None


def start_request(
    api: Api, session: str, script: str, options: StartOptions
) -> pipeline_pb2.StartPipelineRequest:
    """The request that starts a command. Raises INVALID_ARGUMENT for a blank script."""
    if not script.strip():
        raise invalid_argument("the script is empty: give the text of a command")
    request = pipeline_pb2.StartPipelineRequest(
        request_id=str(uuid.uuid4()) if options.request_id is None else options.request_id,
        client_id=api.client_id,
        session=session,
        no_wait=options.no_wait,
        run_timeout=duration(options.run_timeout),
        output_timeout=duration(options.output_timeout),
    )
    request.host_calls = int(options.host_calls)  # type: ignore[assignment]
    if options.display_columns is not None:
        request.display.columns = options.display_columns
    _fill_command(request.command, script, options)
    return request


def _fill_command(command: pipeline_pb2.Command, script: str, options: StartOptions) -> None:
    command.script = _sendable(script)
    command.new_scope = options.new_scope
    command.invocation_info = options.invocation_info
    for argument in several(options.arguments, "arguments"):
        command.arguments.add(value=to_value(argument))
    for name, value in named_values(options.named_arguments, "argument"):
        command.arguments.add(name=name, value=value)
    for name, value in named_values(options.using, "using value"):
        command.using_values[name].CopyFrom(value)
    if options.preferences is not None:
        for name in ("verbose", "debug", "error", "warning", "information", "progress"):
            setattr(command.preferences, name, int(getattr(options.preferences, name)))


def _sendable(script: str) -> str:
    try:
        script.encode()
    except UnicodeEncodeError as error:
        raise invalid_argument(f"the script is no well-formed Unicode: {error}") from None
    return script


@dataclass(frozen=True)
class InvokeOptions:
    """Choices for reading a command that is started here."""

    input: Iterable[object] | None
    on_input_lost: InputLostPolicy
    after_sequence: int
    acknowledge: bool
    reader: str | None
    streams: Sequence[Stream]
    format: ValueFormat
    take_over: bool


class InvokeSource:
    """A command that is started here: the same start again, by its request id, after each loss."""

    ends_early = False

    def __init__(
        self, api: Api, start: pipeline_pb2.StartPipelineRequest, options: InvokeOptions, leaving: Leaving
    ) -> None:
        self.after_sequence: int | None = options.after_sequence
        self._api = api
        self._leaving = leaving
        start.has_input = options.input is not None
        start.on_input_lost = int(options.on_input_lost)  # type: ignore[assignment]
        self._start = InvokeStart(
            start=start,
            reader=_reader(options.reader, options.acknowledge),
            streams=numbers(options.streams),
            take_over=options.take_over,
        )
        if options.format != ValueFormat.UNSPECIFIED:
            self._start.format = int(options.format)  # type: ignore[assignment]
        self._input = None if options.input is None else InputSender(options.input)

    def open(self, position: Position) -> Generator[Event, None, None]:
        """Starts the command, or finds it started."""
        first = InvokePipelineRequest(start=self._start)
        first.start.after_sequence = position.after_sequence or 0
        state = CallState(self._input.wake if self._input is not None else None)
        requests = iter([first]) if self._input is None else self._input.requests(first, state)
        call = self._api.duplex(INVOKE_PIPELINE, requests, self._leaving)
        call.when_over(state.end)
        yield from call.answers()
        if self._input is not None:
            self._input.raise_if_failed()

    def input_accepted(self, number: int) -> None:
        """Input up to this item is safe."""
        if self._input is not None:
            self._input.confirm(number)

    def close(self) -> None:
        """No more input is wanted."""
        if self._input is not None:
            self._input.close()


class ReceiveSource:
    """A command that runs already: received again from the next number on after each loss."""

    def __init__(self, api: Api, request: pipeline_pb2.ReceivePipelineRequest, leaving: Leaving) -> None:
        self._api = api
        self._request = request
        self._leaving = leaving
        self.ends_early = request.no_follow
        self.after_sequence = request.after_sequence if request.HasField("after_sequence") else None

    def open(self, position: Position) -> Generator[Event, None, None]:
        """Receives from a position on."""
        request = pipeline_pb2.ReceivePipelineRequest()
        request.CopyFrom(self._request)
        if position.pipeline_id:
            request.pipeline = position.pipeline_id
        if position.after_sequence is not None:
            request.after_sequence = position.after_sequence
        yield from self._api.stream(RECEIVE_PIPELINE, request, self._leaving)

    def input_accepted(self, number: int) -> None:
        """Somebody else's."""

    def close(self) -> None:
        """There is nothing to end."""


def receive_request(
    api: Api,
    session: str,
    *,
    pipeline: str | int,
    after_sequence: int | None,
    acknowledge: bool,
    reader: str | None,
    streams: Sequence[Stream],
    format: ValueFormat,
    no_follow: bool,
) -> pipeline_pb2.ReceivePipelineRequest:
    """The request that receives a command's records."""
    request = pipeline_pb2.ReceivePipelineRequest(
        client_id=api.client_id,
        session=session,
        pipeline=str(pipeline),
        reader=_reader(reader, acknowledge),
        streams=numbers(streams),
        no_follow=no_follow,
    )
    request.format = int(format)  # type: ignore[assignment]
    if after_sequence is not None:
        request.after_sequence = after_sequence
    return request


def _reader(reader: str | None, acknowledge: bool) -> str:
    if reader is not None:
        return reader
    return "owner" if acknowledge else ""
