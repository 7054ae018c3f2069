"""One command whose records are being read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from .acknowledge import AcknowledgeSender
from .api import Api, Leaving
from .error import CommandError, Problem, RunspaceError, invalid_argument
from .feed import Feed, Source
from .gen.runspace.v1 import pipeline_pb2
from .kinds import FinalState, PipelineState, Waiting
from .methods import ACKNOWLEDGE_RECORDS, RESPOND_TO_HOST_CALL, STOP_PIPELINE
from .record import ErrorRecord, Record, problem_of
from .times import Span, moment_of
from .value import to_value

_SETTLE = 5.0


class PipelineInfo:
    """A command as it was when it was asked for. What is not named here is in ``proto``."""

    def __init__(self, proto: pipeline_pb2.Pipeline) -> None:
        #: The command as the daemon sent it.
        self.proto = proto

    @property
    def id(self) -> str:
        """Its id, a GUID."""
        return self.proto.id

    @property
    def session_id(self) -> str:
        """The id of its session."""
        return self.proto.session_id

    @property
    def number(self) -> int:
        """Its number in the session, from 1."""
        return self.proto.number

    @property
    def state(self) -> PipelineState:
        """Its state."""
        return PipelineState(self.proto.state)

    @property
    def waiting(self) -> Waiting:
        """What it waits for."""
        return Waiting(self.proto.waiting)

    @property
    def problem(self) -> Problem | None:
        """Why it failed or was stopped."""
        return problem_of(self.proto.problem) if self.proto.HasField("problem") else None

    @property
    def command(self) -> str:
        """The script's text, cut after 1024 characters."""
        return self.proto.command

    @property
    def create_time(self) -> datetime | None:
        """When it was recorded."""
        return moment_of(self.proto.create_time) if self.proto.HasField("create_time") else None

    @property
    def end_time(self) -> datetime | None:
        """When its final record was written."""
        return moment_of(self.proto.end_time) if self.proto.HasField("end_time") else None

    @property
    def last_sequence(self) -> int:
        """Number of its newest record; 0: none yet."""
        return self.proto.last_sequence

    @property
    def acknowledged_sequence(self) -> int:
        """Last number that the reader ``owner`` acknowledged."""
        return self.proto.acknowledged_sequence

    @property
    def queue_place(self) -> int:
        """Place in the queue: 0 running or finished, 1 next."""
        return self.proto.queue_place

    @property
    def exit_code(self) -> int | None:
        """Its exit code, where it set one."""
        return self.proto.exit_code if self.proto.HasField("exit_code") else None

    def __repr__(self) -> str:
        return f"<PipelineInfo {self.number} {self.state.name}: {self.command!r}>"


@dataclass(frozen=True)
class StopResult:
    """How a stop went."""

    #: The command after its final record, or still stopping where the engine did not answer in time.
    pipeline: PipelineInfo
    #: Reason STOP_UNANSWERED where the engine did not answer in time.
    problem: Problem | None


class Pipeline:
    """A command whose records are being read, whether it was started here or is only received.

    Reading it is one go: iterate over it, or over ``values``, once. Whoever leaves early leaves the command running.
    """

    def __init__(
        self, api: Api, session: str, source: Source, leaving: Leaving, *, acknowledge: bool
    ) -> None:
        """Made by ``invoke`` and ``receive``. Waits for the daemon's first answer."""
        self._api = api
        self._session = session
        self._leaving = leaving
        self._is_acknowledging = acknowledge
        self._acknowledge = AcknowledgeSender(self._tell_acknowledged)
        self._snapshot: pipeline_pb2.PipelineSnapshot | None = None
        self._last_sequence = source.after_sequence or 0
        self._batches = Feed(source, api.backoff(leaving), self._take_snapshot).batches()
        self._first: list[Record] = next(self._batches, [])

    @property
    def id(self) -> str:
        """The command's id; empty where there was nothing to receive."""
        return "" if self._snapshot is None else self._snapshot.pipeline.id

    @property
    def info(self) -> PipelineInfo | None:
        """The command as the daemon told it last, when the stream was opened; None: there was nothing to receive."""
        return None if self._snapshot is None else PipelineInfo(self._snapshot.pipeline)

    @property
    def last_sequence(self) -> int:
        """The last number that was handed out; a receive after it goes on without a hole."""
        return self._last_sequence

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def records(self) -> Generator[Record, None, None]:
        """The records one by one, as they arrive. The last is the final one. With ``acknowledge`` a record is
        acknowledged once the next one is asked for."""
        try:
            batch: list[Record] | None = self._first
            while batch is not None:
                for record in batch:
                    self._last_sequence = record.last if record.stream == "gap" else record.sequence
                    yield record
                    if self._is_acknowledging:
                        self._acknowledge.up_to(self._last_sequence)
                batch = next(self._batches, None)
            self._acknowledge.flush()
        finally:
            self.close()

    def values(self) -> Generator[Any, None, None]:
        """The command's output as natural Python values. Raises a ``CommandError`` when the command failed or was
        stopped, after the values that came before."""
        error: ErrorRecord | None = None
        for record in self.records():
            if record.stream == "output":
                yield record.value
            elif record.stream == "error":
                error = record
            elif record.stream == "final" and record.state != FinalState.COMPLETED:
                raise CommandError(record, error)

    def stop(self, *, force: bool = False) -> StopResult:
        """Asks the command to end; its last records still come. Also from another thread than the one that reads."""
        return stop_pipeline(self._api, self._session_id(), self.id, force=force)

    def acknowledge(self, sequence: int) -> None:
        """Says that records up to this number are safe, so that the daemon may free them."""
        self._acknowledge.up_to(sequence)
        self._acknowledge.flush()

    def respond(
        self, call_id: int, value: object = None, *, error: str = "", use_default: bool = False
    ) -> None:
        """Answers a host call with a value, with the call's own default, or with the reason why there is no answer."""
        answer = HostAnswer(call_id, value, error, use_default)
        respond_to_host_call(self._api, self._session_id(), self.id, answer)

    def close(self) -> None:
        """Leaves the command running and its records kept. Another thread that reads gets CANCELLED."""
        self._leaving.leave()
        try:
            self._batches.close()
        except ValueError:
            return  # Another thread reads; it hears of it there, and cleans up.
        self._acknowledge.settle(_SETTLE)

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Pipeline {self.id}>"

    def _session_id(self) -> str:
        return self._session if self._snapshot is None else self._snapshot.session_id

    def _take_snapshot(self, snapshot: pipeline_pb2.PipelineSnapshot) -> None:
        self._snapshot = snapshot

    def _tell_acknowledged(self, sequence: int) -> None:
        acknowledge_records(self._api, self._session_id(), self.id, sequence)


def acknowledge_records(api: Api, session: str, pipeline: str, sequence: int) -> int:
    """Says that records up to a number are safe with reader ``owner``; the number that holds now."""
    request = pipeline_pb2.AcknowledgeRecordsRequest(
        client_id=api.client_id, session=session, pipeline=pipeline, sequence=sequence
    )
    return api.unary(ACKNOWLEDGE_RECORDS, request).acknowledged_sequence


def stop_pipeline(
    api: Api, session: str, pipeline: str, *, force: bool, timeout: Span | None = None
) -> StopResult:
    """Asks a command to end. Its session and variables stay."""
    request = pipeline_pb2.StopPipelineRequest(
        request_id=str(uuid.uuid4()), client_id=api.client_id, session=session, pipeline=pipeline, force=force
    )
    answer = api.unary(STOP_PIPELINE, request, timeout)
    problem = problem_of(answer.problem) if answer.HasField("problem") else None
    return StopResult(PipelineInfo(answer.pipeline), problem)


@dataclass(frozen=True)
class HostAnswer:
    """The answer to a host call: one of value, error and default."""

    call_id: int
    value: object
    error: str
    use_default: bool


def respond_to_host_call(api: Api, session: str, pipeline: str, answer: HostAnswer) -> None:
    """Answers a host call."""
    if (answer.value is not None) + bool(answer.error) + answer.use_default > 1:
        raise invalid_argument(
            "a host call is answered with a value, an error or its default, not with several"
        )
    request = pipeline_pb2.RespondToHostCallRequest(
        request_id=str(uuid.uuid4()),
        client_id=api.client_id,
        session=session,
        pipeline=pipeline,
        call_id=answer.call_id,
        value=None if answer.error or answer.use_default else to_value(answer.value),
        error=answer.error,
        use_default=answer.use_default,
    )
    api.unary(RESPOND_TO_HOST_CALL, request)
