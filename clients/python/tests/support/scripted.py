"""A gRPC server that does what a test says: for failures that a real daemon can't be made to show at will."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent import futures
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import any_pb2

from runspaced import Client
from runspaced import methods as all_methods
from runspaced.gen.runspace.v1 import pipeline_pb2, record_pb2, value_pb2

BY_PATH: dict[str, Any] = {
    method.path: method for method in vars(all_methods).values() if isinstance(method, all_methods.Method)
}
_STREAMS = {"ReceivePipeline", "InvokePipeline", "AttachSession", "WatchSessions"}


class ScriptedDaemon(grpc.GenericRpcHandler):  # type: ignore[misc]
    """`answers`: what to do by method name: (request or requests, context) to answer or answers."""

    def __init__(self, answers: dict[str, Callable[[Any, Any], Any]]) -> None:
        self._answers = answers
        self._folder = tempfile.mkdtemp(prefix="runspaced-scripted-")
        self.address = f"unix://{self._folder}/socket"
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers([self])
        self._server.add_insecure_port(self.address)
        self._server.start()

    def service(self, call: Any) -> Any:
        """How grpc asks for a method."""
        name = call.method.rpartition("/")[2]
        answer = self._answers.get(name)
        if answer is None:
            return None
        coding = (BY_PATH[call.method].request.FromString, BY_PATH[call.method].response.SerializeToString)
        if name == "InvokePipeline":
            return grpc.stream_stream_rpc_method_handler(answer, *coding)
        make = (
            grpc.unary_stream_rpc_method_handler if name in _STREAMS else grpc.unary_unary_rpc_method_handler
        )
        return make(answer, *coding)

    def client(self, **options: Any) -> Client:
        """A client of it."""
        return Client(self.address, **options)

    def __enter__(self) -> ScriptedDaemon:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()
        shutil.rmtree(self._folder)


def snapshot(after: int = 0, **pipeline: Any) -> Any:
    """The first message of a stream of records."""
    return _event(
        snapshot=pipeline_pb2.PipelineSnapshot(
            pipeline=pipeline_pb2.Pipeline(id="the-pipeline", **pipeline),
            target="localhost",
            session_id="the-session",
            runspace_id="the-runspace",
            session_name="work",
            after_sequence=after,
        )
    )


def outputs(*numbers: int) -> Any:
    """A batch of output records whose values are their numbers."""
    return batch(
        *(
            record_pb2.Record(sequence=number, output={"value": value_pb2.Value(int32=number)})
            for number in numbers
        )
    )


def final(number: int) -> Any:
    """The end of a completed pipeline."""
    return batch(record_pb2.Record(sequence=number, final={"state": 1}))


def batch(*records: record_pb2.Record) -> Any:
    """Records in a row."""
    return _event(batch=record_pb2.RecordBatch(records=records))


def gap(first: int, last: int) -> Any:
    """Numbers that have no records."""
    return _event(gap=record_pb2.Gap(**{"from": first}, to=last, reason=3))  # type: ignore[arg-type]


def heartbeat(sequence: int) -> Any:
    """A sign of life."""
    return _event(heartbeat=pipeline_pb2.Heartbeat(sequence=sequence))


def accepted(number: int) -> Any:
    """Input items are safe."""
    return _event(input_accepted=pipeline_pb2.InputAccepted(number=number))


def lost(context: Any) -> None:
    """Ends the call as a daemon does that is going away."""
    context.abort(grpc.StatusCode.UNAVAILABLE, "going away")


def status_details(*details: tuple[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """The trailing metadata of a google.rpc.Status with these details."""
    packed = b""
    for kind, value in details:
        one = any_pb2.Any(type_url=f"type.googleapis.com/{kind}", value=value).SerializeToString()
        packed += field(3, one)
    return (("grpc-status-details-bin", packed),)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field; content shorter than 16 KiB."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content


def _event(**event: Any) -> Any:
    return pipeline_pb2.InvokePipelineResponse(**event)


def received(events: Iterator[Any]) -> Iterator[Any]:
    """The same events as answers to ReceivePipeline."""
    for event in events:
        yield pipeline_pb2.ReceivePipelineResponse.FromString(event.SerializeToString())
