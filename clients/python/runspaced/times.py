"""Points in time and spans of it, as messages have them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from google.protobuf import duration_pb2, timestamp_pb2

from .error import invalid_argument

#: A span of time: seconds, or a timedelta.
Span = float | timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def seconds_of(span: Span) -> float:
    """The span in seconds."""
    return span.total_seconds() if isinstance(span, timedelta) else span


def duration(span: Span | None) -> duration_pb2.Duration | None:
    """A message for a span; None stays so."""
    if span is None:
        return None
    try:
        nanos = round(seconds_of(span) * 1e9)
    except (OverflowError, ValueError):
        raise invalid_argument(f"{span} is no span of time") from None
    seconds, rest = divmod(abs(nanos), 10**9)
    sign = -1 if nanos < 0 else 1
    return duration_pb2.Duration(seconds=sign * seconds, nanos=sign * rest)


def span_of(message: duration_pb2.Duration) -> timedelta:
    """The span that a message says, to the microsecond."""
    return timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def moment_of(message: timestamp_pb2.Timestamp) -> datetime:
    """The moment that a message says, in UTC, to the microsecond."""
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)
