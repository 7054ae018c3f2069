"""Commands in sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .api import Api, Leaving
from .commands import (
    InvokeOptions,
    InvokeSource,
    Preferences,
    ReceiveSource,
    StartOptions,
    receive_request,
    start_request,
)
from .gen.runspace.v1 import pipeline_pb2
from .kinds import HostCallPolicy, InputLostPolicy, Stream, ValueFormat
from .methods import GET_PIPELINE, LIST_PIPELINES, REVEAL_SECRET, START_PIPELINE
from .pipeline import (
    HostAnswer,
    Pipeline,
    PipelineInfo,
    StopResult,
    acknowledge_records,
    respond_to_host_call,
    stop_pipeline,
)
from .times import Span
from .value import SecureString, reveal


class Pipelines:
    """Commands in sessions. A session is named by its number, id, exact name, or the beginning of its id."""

    def __init__(self, api: Api) -> None:
        """Made by ``Client``."""
        self._api = api

    def invoke(
        self,
        session: str | int,
        script: str,
        *,
        arguments: Sequence[object] = (),
        named_arguments: Mapping[str, object] | None = None,
        input: Iterable[object] | None = None,
        on_input_lost: InputLostPolicy = InputLostPolicy.UNSPECIFIED,
        using: Mapping[str, object] | None = None,
        preferences: Preferences | None = None,
        invocation_info: bool = False,
        new_scope: bool = False,
        no_wait: bool = False,
        run_timeout: Span | None = None,
        output_timeout: Span | None = None,
        host_calls: HostCallPolicy = HostCallPolicy.UNSPECIFIED,
        display_columns: int | None = None,
        request_id: str | None = None,
        after_sequence: int = 0,
        acknowledge: bool = False,
        reader: str | None = None,
        streams: Sequence[Stream] = (),
        format: ValueFormat = ValueFormat.UNSPECIFIED,
        take_over: bool = False,
        timeout: Span | None = None,
    ) -> Pipeline:
        """Starts a command, whose records are then read; the caller is connected while that lasts.

        ``input``: pipeline input, each item one object; pulled at the command's pace, in a thread of its own.
        ``run_timeout`` and ``output_timeout`` end the command; ``timeout`` only ends the reading, with
        DEADLINE_EXCEEDED. ``after_sequence``: for a command that this ``request_id`` has started already.
        What the options of starting mean is said at ``StartOptions``.
        """
        start = start_request(
            self._api,
            str(session),
            script,
            StartOptions(
                arguments=arguments,
                named_arguments=named_arguments or {},
                new_scope=new_scope,
                using=using or {},
                preferences=preferences,
                invocation_info=invocation_info,
                no_wait=no_wait,
                run_timeout=run_timeout,
                output_timeout=output_timeout,
                host_calls=host_calls,
                display_columns=display_columns,
                request_id=request_id,
            ),
        )
        options = InvokeOptions(
            input=input,
            on_input_lost=on_input_lost,
            after_sequence=after_sequence,
            acknowledge=acknowledge,
            reader=reader,
            streams=streams,
            format=format,
            take_over=take_over,
        )
        leaving = Leaving(timeout)
        source = InvokeSource(self._api, start, options, leaving)
        return Pipeline(self._api, str(session), source, leaving, acknowledge=acknowledge)

    def start(
        self,
        session: str | int,
        script: str,
        *,
        arguments: Sequence[object] = (),
        named_arguments: Mapping[str, object] | None = None,
        using: Mapping[str, object] | None = None,
        preferences: Preferences | None = None,
        invocation_info: bool = False,
        new_scope: bool = False,
        no_wait: bool = False,
        run_timeout: Span | None = None,
        output_timeout: Span | None = None,
        host_calls: HostCallPolicy = HostCallPolicy.UNSPECIFIED,
        display_columns: int | None = None,
        request_id: str | None = None,
        timeout: Span | None = None,
    ) -> PipelineInfo:
        """Starts a command and leaves it running. What the options mean is said at ``StartOptions``."""
        options = StartOptions(
            arguments=arguments,
            named_arguments=named_arguments or {},
            new_scope=new_scope,
            using=using or {},
            preferences=preferences,
            invocation_info=invocation_info,
            no_wait=no_wait,
            run_timeout=run_timeout,
            output_timeout=output_timeout,
            host_calls=host_calls,
            display_columns=display_columns,
            request_id=request_id,
        )
        request = start_request(self._api, str(session), script, options)
        return PipelineInfo(self._api.unary(START_PIPELINE, request, timeout).pipeline)

    def receive(
        self,
        session: str | int,
        *,
        pipeline: str | int = "",
        after_sequence: int | None = None,
        acknowledge: bool = False,
        reader: str | None = None,
        streams: Sequence[Stream] = (),
        format: ValueFormat = ValueFormat.UNSPECIFIED,
        no_follow: bool = False,
        timeout: Span | None = None,
    ) -> Pipeline:
        """Reads a command's records, from where the reader stands or from any number.

        ``pipeline``: its id, the beginning of its id, or its number in the session. Left out: with ``after_sequence``
        the newest one, without it the oldest that the reader has not finished. ``after_sequence``: 0 is from the first;
        left out: after the last that was acknowledged. ``no_follow``: end after what is kept now.
        """
        request = receive_request(
            self._api,
            str(session),
            pipeline=pipeline,
            after_sequence=after_sequence,
            acknowledge=acknowledge,
            reader=reader,
            streams=streams,
            format=format,
            no_follow=no_follow,
        )
        leaving = Leaving(timeout)
        source = ReceiveSource(self._api, request, leaving)
        return Pipeline(self._api, str(session), source, leaving, acknowledge=acknowledge)

    def stop(
        self,
        session: str | int,
        *,
        pipeline: str | int = "",
        force: bool = False,
        timeout: Span | None = None,
    ) -> StopResult:
        """Asks a command, by default the running one, to end. Its session and variables stay. ``force``: end the engine,
        and so the session, when it does not answer in time."""
        return stop_pipeline(self._api, str(session), str(pipeline), force=force, timeout=timeout)

    def get(self, session: str | int, pipeline: str | int) -> PipelineInfo:
        """One command."""
        request = pipeline_pb2.GetPipelineRequest(session=str(session), pipeline=str(pipeline))
        return PipelineInfo(self._api.unary(GET_PIPELINE, request).pipeline)

    def list(self, session: str | int) -> list[PipelineInfo]:
        """A session's commands, oldest first."""
        found: list[PipelineInfo] = []
        request = pipeline_pb2.ListPipelinesRequest(session=str(session))
        while True:
            page = self._api.unary(LIST_PIPELINES, request)
            found.extend(map(PipelineInfo, page.pipelines))
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def acknowledge(self, session: str | int, pipeline: str | int, sequence: int) -> int:
        """Says that a command's records up to a number are safe with reader ``owner``; the number that holds now."""
        return acknowledge_records(self._api, str(session), str(pipeline), sequence)

    def respond(
        self,
        session: str | int,
        pipeline: str | int,
        call_id: int,
        value: object = None,
        *,
        error: str = "",
        use_default: bool = False,
    ) -> None:
        """Answers a host call, of a command or (``pipeline`` empty) of a session that opens: with a value, with the call's
        own default, or with the reason why there is no answer."""
        answer = HostAnswer(call_id, value, error, use_default)
        respond_to_host_call(self._api, str(session), str(pipeline), answer)

    def reveal_secret(self, session: str | int, secret: SecureString) -> str:
        """The clear text of a secret that was received from this session."""
        request = pipeline_pb2.RevealSecretRequest(
            session=str(session), secret_id=secret.secret_id, client_id=self._api.client_id
        )
        return reveal(self._api.unary(REVEAL_SECRET, request).text_utf16)
