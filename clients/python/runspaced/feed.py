"""A pipeline's records, from stream to stream."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from .backoff import Backoff
from .error import RunspaceError, protocol_error, stream_ended
from .gen.runspace.v1.pipeline_pb2 import (
    InvokePipelineResponse,
    PipelineSnapshot,
    ReceivePipelineResponse,
)
from .gen.runspace.v1.record_pb2 import Gap, RecordBatch
from .kinds import GapReason, PipelineState
from .record import GapRecord, Origin, Record, joined, origin_of

Event = InvokePipelineResponse | ReceivePipelineResponse


@dataclass(frozen=True)
class Position:
    """Where a feed stands."""

    #: Id of the pipeline; empty until the first snapshot.
    pipeline_id: str
    #: Last number that was handed out; None: the daemon chooses where to begin.
    after_sequence: int | None


class Source(Protocol):
    """Where records come from; what invoking and receiving differ in."""

    #: Whether a stream that ends before the final record is whole.
    ends_early: bool
    #: Where the first stream begins; None: the daemon chooses.
    after_sequence: int | None

    def open(self, position: Position) -> Generator[Event, None, None]:
        """Opens the stream from a position on; called again after each loss."""

    def input_accepted(self, number: int) -> None:
        """Input up to this item is safe."""

    def close(self) -> None:
        """The records are read to their end, or nobody wants more."""


class Feed:
    """Hands out a source's records. A lost stream is opened again after the last number that was handed out, with
    growing delays; so each record comes once, in order. Ends with the final record."""

    def __init__(
        self, source: Source, backoff: Backoff, on_snapshot: Callable[[PipelineSnapshot], None]
    ) -> None:
        self._source = source
        self._backoff = backoff
        self._on_snapshot = on_snapshot
        self._origin: Origin | None = None
        self._after = source.after_sequence
        #: Number of the final record; None while that is not written.
        self._end: int | None = None
        self._is_open = True

    def batches(self) -> Generator[list[Record], None, None]:
        """Records as they arrive. The first batch comes with the first snapshot; batches may be empty."""
        try:
            while self._is_open:
                yield from self._one_stream()
        finally:
            self._source.close()

    def _one_stream(self) -> Iterator[list[Record]]:
        with closing(self._source.open(self._position())) as events:
            yield from self._batches_of(events)

    def _batches_of(self, events: Iterator[Event]) -> Iterator[list[Record]]:
        while True:
            try:
                event = next(events, None)
                if event is None:
                    self._finish()
                    return
            except RunspaceError as error:
                if self._is_open or error.retry_after is None:
                    self._backoff.pause_after(error)
                return
            kind = event.WhichOneof("event")
            records = self._take(kind, event)
            if kind is not None and kind != "snapshot":
                self._backoff.reset()
            if records or kind == "snapshot":
                yield records

    def _position(self) -> Position:
        return Position(self._origin.pipeline_id if self._origin else "", self._after)

    def _finish(self) -> None:
        """The daemon ended the stream well. Where nothing came before, or all was read, there is no more."""
        is_read = self._origin is None or (self._end is not None and (self._after or 0) >= self._end)
        if self._source.ends_early or is_read:
            self._is_open = False
        if self._is_open:
            raise stream_ended()

    def _take(self, kind: str | None, event: Event) -> list[Record]:
        if kind == "snapshot":
            self._begin(event.snapshot)
        elif kind == "batch":
            return self._joined(event.batch)
        elif kind == "gap":
            return self._gap(event.gap)
        elif kind == "heartbeat":
            self._move_to(event.heartbeat.sequence)
        elif kind == "input_accepted":
            self._source.input_accepted(event.input_accepted.number)
        return []

    def _begin(self, snapshot: PipelineSnapshot) -> None:
        self._origin = origin_of(snapshot)
        if PipelineState(snapshot.pipeline.state) in _FINAL:
            self._end = snapshot.pipeline.last_sequence
        self._move_to(snapshot.after_sequence)
        self._on_snapshot(snapshot)

    def _joined(self, batch: RecordBatch) -> list[Record]:
        origin = self._origin_now()
        records = [joined(record, origin) for record in batch.records if self._move_to(record.sequence)]
        if records and records[-1].stream == "final":
            self._is_open = False
        return records

    def _gap(self, gap: Gap) -> list[Record]:
        first = max(getattr(gap, "from"), (self._after or 0) + 1)
        if not self._move_to(gap.to):
            return []
        return [GapRecord(first, gap.to, GapReason(gap.reason), self._origin_now())]

    def _move_to(self, sequence: int) -> bool:
        """Whether the number is a new one."""
        if self._after is not None and sequence <= self._after:
            return False
        self._after = sequence
        return True

    def _origin_now(self) -> Origin:
        if self._origin is None:
            raise protocol_error("the daemon sent records before a snapshot")
        return self._origin


_FINAL = frozenset([PipelineState.COMPLETED, PipelineState.FAILED, PipelineState.STOPPED])
