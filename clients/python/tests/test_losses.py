"""Against a daemon that does what a test says."""

from __future__ import annotations

import os
import tempfile
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import duration_pb2

from runspaced import Client, CommandError, RunspaceError, kinds
from runspaced.address import UnixAddress, address_of
from runspaced.gen.runspace.v1 import configuration_pb2, daemon_pb2, job_pb2, pipeline_pb2, record_pb2, session_pb2
from support.scripted import (
    BY_PATH,
    ScriptedDaemon,
    accepted,
    batch,
    field,
    final,
    gap,
    heartbeat,
    lost,
    outputs,
    received,
    snapshot,
    status_details,
)


class Contract(unittest.TestCase):
    def test_methods(self) -> None:
        """P112 the client's methods are those of the proto"""
        left = dict(BY_PATH)
        for file in (session_pb2, pipeline_pb2, job_pb2, configuration_pb2, daemon_pb2):
            for service in file.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    known = left.pop(f"/{service.full_name}/{method.name}", None)
                    if known is None:
                        continue  # Not for this client.
                    self.assertEqual(known.request.DESCRIPTOR.full_name, method.input_type.full_name)
                    self.assertEqual(known.response.DESCRIPTOR.full_name, method.output_type.full_name)
        self.assertEqual(left, {})

    def test_kinds(self) -> None:
        """the client's enumerations have the proto's members, and a newer daemon's member reads as UNSPECIFIED"""
        prefixes = {
            kinds.SessionState: (session_pb2.SessionState, "SESSION_STATE_"),
            kinds.Availability: (session_pb2.Availability, "AVAILABILITY_"),
            kinds.HostCallPolicy: (session_pb2.HostCallPolicy, "HOST_CALL_POLICY_"),
            kinds.OutputBufferingMode: (session_pb2.OutputBufferingMode, "OUTPUT_BUFFERING_MODE_"),
            kinds.PipelineState: (pipeline_pb2.PipelineState, "PIPELINE_STATE_"),
            kinds.Waiting: (pipeline_pb2.Waiting, "WAITING_"),
            kinds.ActionPreference: (pipeline_pb2.ActionPreference, "ACTION_PREFERENCE_"),
            kinds.InputLostPolicy: (pipeline_pb2.InputLostPolicy, "INPUT_LOST_POLICY_"),
            kinds.ValueFormat: (pipeline_pb2.ValueFormat, "VALUE_FORMAT_"),
            kinds.Stream: (record_pb2.Stream, "STREAM_"),
            kinds.FinalState: (record_pb2.FinalState, "FINAL_STATE_"),
            kinds.GapReason: (record_pb2.Gap.Reason, "REASON_"),
        }
        for ours, (theirs, prefix) in prefixes.items():
            named: Any = theirs
            self.assertLessEqual(
                {prefix + each.name: each.value for each in ours}.items(), dict(named.items()).items()
            )
            self.assertEqual(ours(9999), ours(0))


class Errors(unittest.TestCase):
    def test_details(self) -> None:
        """an error has the reason, the facts and the delay of its status; what can't be read leaves code and message"""
        info = (
            "google.rpc.ErrorInfo",
            field(1, b"QUOTA_EXCEEDED") + field(3, field(1, b"limit") + field(2, b"5" * 200)),
        )
        retry = ("google.rpc.RetryInfo", field(1, duration_pb2.Duration(nanos=1).SerializeToString()))
        quota = ("google.rpc.QuotaFailure", field(1, field(1, b"user") + field(2, b"sessions")))
        trailers: list[Any] = [
            status_details(info, retry, quota, ("google.rpc.Other", b"\xff")),
            (("grpc-status-details-bin", b"\xff\xff"),),
        ]

        def refuse(request: Any, context: Any) -> None:
            context.set_trailing_metadata(trailers.pop(0))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many: close some \u2026 ")

        with ScriptedDaemon({"GetSession": refuse}) as daemon, daemon.client(retry_limit=0) as client:
            with self.assertRaises(RunspaceError) as raised:
                client.sessions.get("a")
            error = raised.exception
            self.assertEqual((error.reason, error.grpc_code), ("QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED"))
            self.assertEqual(error.message, "too many: close some \u2026 ")
            self.assertEqual(
                error.metadata, {"limit": "5" * 200, "quotaSubject": "user", "quota": "sessions"}
            )
            self.assertEqual(error.retry_after, 1e-9)
            with self.assertRaises(RunspaceError) as raised:
                client.sessions.get("a")
            self.assertEqual(raised.exception.reason, "RESOURCE_EXHAUSTED")
            self.assertIsNone(raised.exception.retry_after)

    def test_newer_daemon(self) -> None:
        """what only a newer daemon knows goes through: events, records, kinds and answers"""

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            yield snapshot(state=99)
            yield pipeline_pb2.InvokePipelineResponse.FromString(b"\xf2\x3f\x01a")
            yield batch(record_pb2.Record.FromString(b"\x08\x01\xf2\x3f\x01a"))
            yield final(2)

        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            streams = [record.stream for record in client.pipelines.invoke("a", "b")]
        self.assertEqual(streams, ["unknown", "final"])

    def test_unimplemented(self) -> None:
        """a method that the daemon lacks fails at once"""
        with ScriptedDaemon({}) as daemon, daemon.client() as client:
            with self.assertRaises(RunspaceError) as raised:
                client.sessions.get("a")
        self.assertEqual(raised.exception.grpc_code, "UNIMPLEMENTED")


class Losses(unittest.TestCase):
    def test_invoke(self) -> None:
        """P111 a lost stream goes on after the last number with the same request id, and what comes twice is shown once"""
        starts: list[Any] = []

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            starts.append(next(requests).start)
            turn = len(starts)
            if turn == 1:
                lost(context)
            yield snapshot(after=0)
            if turn == 2:
                yield outputs(1, 2)
                lost(context)
            if turn == 3:
                yield heartbeat(4)  # 3 and 4 are left out by a filter.
                return
            yield outputs(2, 4, 5)
            yield gap(3, 7)
            yield outputs(8)
            yield final(9)

        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            pipeline = client.pipelines.invoke("work", "script", request_id="r")
            records = list(pipeline)
        shown = [(r.first, r.last) if r.stream == "gap" else r.sequence for r in records]
        self.assertEqual(shown, [1, 2, 5, (6, 7), 8, 9])
        self.assertEqual([start.after_sequence for start in starts], [0, 0, 2, 4])
        self.assertEqual({start.start.request_id for start in starts}, {"r"})
        self.assertEqual((pipeline.last_sequence, records[0].PSComputerName), (9, "localhost"))

    def test_receive(self) -> None:
        """P111 a lost receive goes on in the same pipeline"""
        asked: list[Any] = []

        def receive(request: Any, context: Any) -> Iterator[Any]:
            asked.append((request.pipeline, request.HasField("after_sequence"), request.after_sequence))
            yield from received(iter([snapshot(after=3), outputs(*range(4, 4 + len(asked)))]))
            if len(asked) < 3:
                lost(context)
            yield from received(iter([final(7)]))

        with ScriptedDaemon({"ReceivePipeline": receive}) as daemon, daemon.client() as client:
            found = [record.sequence for record in client.pipelines.receive("work") if record.stream != "gap"]
        self.assertEqual(found, [4, 5, 6, 7])
        self.assertEqual(asked, [("", False, 0), ("the-pipeline", True, 4), ("the-pipeline", True, 5)])

    def test_unary(self) -> None:
        """P111 a changing call that is lost is asked again with the same request id"""
        asked: list[str] = []

        def create(request: Any, context: Any) -> Any:
            asked.append(request.request_id)
            if len(asked) < 3:
                lost(context)
            return session_pb2.CreateSessionResponse(session={"name": "work"})

        with ScriptedDaemon({"CreateSession": create}) as daemon, daemon.client() as client:
            self.assertEqual(client.sessions.create("work").name, "work")
        self.assertEqual((len(asked), len(set(asked))), (3, 1))

    def test_input(self) -> None:
        """P14 P111 input that is not confirmed is sent again over the next stream, in order, and no more"""
        streams: list[list[int]] = []

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            numbers: list[int] = []
            streams.append(numbers)
            yield snapshot()
            for request in requests:
                if request.HasField("end_of_input"):
                    yield final(1)
                    return
                numbers.append(request.input.number)
                if request.input.number == 3 * len(streams):
                    yield accepted(request.input.number - 1)
                    if len(streams) < 3:
                        yield heartbeat(0)
                        lost(context)

        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            list(client.pipelines.invoke("work", "script", input=iter(range(12))))
        self.assertEqual(streams, [[1, 2, 3], [3, 4, 5, 6], list(range(6, 13))])

    def test_window(self) -> None:
        """P14 a source is pulled no further ahead of the keeper than its window"""
        pulled = 0

        def source() -> Iterator[int]:
            nonlocal pulled
            for pulled in range(1, 1001):
                yield pulled

        may_confirm = threading.Event()
        has_256 = threading.Event()

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            yield snapshot()
            for request in requests:
                if request.HasField("end_of_input"):
                    break
                if request.input.number == 256:
                    has_256.set()
                    may_confirm.wait(30)
                if request.input.number >= 256:
                    yield accepted(request.input.number)
            yield final(1)

        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            pipeline = client.pipelines.invoke("work", "script", input=source())
            self.assertTrue(has_256.wait(30))
            self.assertLessEqual(pulled, 257)
            may_confirm.set()
            list(pipeline)
        self.assertEqual(pulled, 1000)

    def test_failing_input(self) -> None:
        """P14 a source that fails has its command stopped, and the reader hears of it after the last record"""

        def source() -> Iterator[int]:
            yield 1
            raise OSError("the file is gone")

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            yield snapshot()
            for request in requests:
                if request.HasField("stop"):
                    yield batch(record_pb2.Record(sequence=1, final={"state": 3}))
                    return

        records: list[Any] = []
        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            with self.assertRaisesRegex(RunspaceError, "the file is gone") as raised:
                records.extend(client.pipelines.invoke("work", "script", input=source()))
        self.assertEqual(raised.exception.reason, "INPUT_FAILED")
        self.assertIsInstance(raised.exception.__cause__, OSError)

    def test_acknowledge(self) -> None:
        """P49 a record is acknowledged once the next one is asked for"""
        told: list[int] = []

        def acknowledge(request: Any, context: Any) -> Any:
            told.append(request.sequence)
            return pipeline_pb2.AcknowledgeRecordsResponse(acknowledged_sequence=request.sequence)

        def receive(request: Any, context: Any) -> Iterator[Any]:
            self.assertEqual(request.reader, "owner")
            yield from received(iter([snapshot(), outputs(1, 2, 3), final(4)]))

        script: dict[str, Any] = {"AcknowledgeRecords": acknowledge, "ReceivePipeline": receive}
        with ScriptedDaemon(script) as daemon, daemon.client() as client:
            records = client.pipelines.receive("work", acknowledge=True).records()
            next(records), next(records)
            records.close()
            self.assertEqual(told, [1])
            list(client.pipelines.receive("work", acknowledge=True))
            self.assertEqual((told[-1], told), (4, sorted(told)))

    def test_ended_stream(self) -> None:
        """a stream that ends before the final record is opened again; one that has nothing to receive is empty"""
        turns: list[int] = []

        def receive(request: Any, context: Any) -> Iterator[Any]:
            turns.append(1)
            if request.session == "nothing":
                return
            events = [snapshot(), outputs(1)] if len(turns) == 1 else [snapshot(after=1), final(2)]
            yield from received(iter(events))

        with ScriptedDaemon({"ReceivePipeline": receive}) as daemon, daemon.client() as client:
            self.assertEqual(len(list(client.pipelines.receive("work"))), 2)
            nothing = client.pipelines.receive("nothing")
            self.assertEqual((nothing.id, nothing.info, list(nothing)), ("", None, []))

    def test_no_snapshot(self) -> None:
        """records before a snapshot are a protocol error"""

        def receive(request: Any, context: Any) -> Iterator[Any]:
            yield from received(iter([outputs(1)]))

        with ScriptedDaemon({"ReceivePipeline": receive}) as daemon, daemon.client() as client:
            with self.assertRaises(RunspaceError) as raised:
                client.pipelines.receive("work")
        self.assertEqual(raised.exception.reason, "PROTOCOL_ERROR")

    def test_timeout(self) -> None:
        """a reader's timeout ends the reading only"""
        gone = threading.Event()

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            context.add_callback(gone.set)
            yield snapshot()
            gone.wait(30)

        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            with self.assertRaises(RunspaceError) as raised:
                list(client.pipelines.invoke("work", "script", timeout=0.3))
            self.assertEqual(raised.exception.reason, "DEADLINE_EXCEEDED")
            self.assertTrue(gone.wait(30))

    def test_close(self) -> None:
        """a reader that waits hears that another thread has left, or has closed the client"""
        reading = threading.Semaphore(0)

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            gone = threading.Event()
            context.add_callback(gone.set)
            yield snapshot()
            reading.release()
            gone.wait(30)

        for leave, reason in (("pipeline", "CANCELLED"), ("client", "CLIENT_CLOSED")):
            with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
                pipeline = client.pipelines.invoke("work", "script")
                problems: list[Any] = []
                reader = threading.Thread(target=lambda: problems.append(_problem_of(pipeline)))
                reader.start()
                reading.acquire()
                pipeline.close() if leave == "pipeline" else client.close()
                reader.join(30)
                self.assertEqual([problem.reason for problem in problems], [reason])
            with self.assertRaises(RunspaceError) as raised:
                client.sessions.get("work")
            self.assertEqual(raised.exception.reason, "CLIENT_CLOSED")

    def test_failed_command(self) -> None:
        """the values of a failed command are followed by its error"""

        def invoke(requests: Any, context: Any) -> Iterator[Any]:
            next(requests)
            yield snapshot()
            yield outputs(1)
            problem = {"reason": "SCRIPT_FAILED", "message": "it failed"}
            yield batch(record_pb2.Record(sequence=2, final={"state": 2, "problem": problem}))

        values: list[int] = []
        with ScriptedDaemon({"InvokePipeline": invoke}) as daemon, daemon.client() as client:
            with self.assertRaisesRegex(CommandError, "it failed") as raised:
                values.extend(client.pipelines.invoke("work", "script").values())
        self.assertEqual(raised.exception.reason, "SCRIPT_FAILED")

    def test_quiet(self) -> None:
        """where nothing listens, that is said within the patience; `start` may start a daemon"""
        folder = tempfile.mkdtemp()
        started: list[int] = []
        with Client(f"unix://{folder}/none", connect_timeout=0) as client:
            with self.assertRaisesRegex(RunspaceError, "no daemon listens at .*ENOENT.*runspaced") as raised:
                client.sessions.list()
        self.assertEqual(raised.exception.reason, "DAEMON_UNREACHABLE")
        with Client(f"unix://{folder}/none", connect_timeout=0.2, start=lambda: started.append(1)) as client:
            with self.assertRaises(RunspaceError):
                client.sessions.list()
        self.assertTrue(started)
        os.rmdir(folder)


class Addresses(unittest.TestCase):
    def test_own(self) -> None:
        """P112 the daemon's own socket is found by the state folder's real path, in the runtime folder"""
        folder = Path(tempfile.mkdtemp())
        (folder / "run").mkdir(mode=0o700)
        (folder / "state").mkdir()
        (folder / "link").symlink_to(folder / "state")
        environment = {"XDG_RUNTIME_DIR": str(folder / "run"), "RUNSPACED_HOME": str(folder / "state")}
        own = address_of(None, None, environment)
        assert isinstance(own, UnixAddress)
        self.assertEqual(Path(own.path).parent, folder / "run")
        self.assertEqual(
            address_of(None, str(folder / "link"), {**environment, "RUNSPACED_ADDRESS": "x"}), own
        )
        self.assertEqual(str(address_of(None, None, {"RUNSPACED_ADDRESS": "unix:/a"})), "unix:///a")
        for text, shown in (("grpcs://h", "grpcs://h:7441"), ("grpcs://[::1]:5/N%20M", "grpcs://[::1]:5/N M")):
            self.assertEqual(str(address_of(text, None, {})), shown)
        (folder / "run").chmod(0o755)
        elsewhere = address_of(None, None, {**environment, "TMPDIR": str(folder)})
        assert isinstance(elsewhere, UnixAddress)
        self.assertEqual(Path(elsewhere.path).parent, folder / f"runspaced-{os.getuid()}")
        with self.assertRaises(RunspaceError) as raised:
            address_of(None, None, {**environment, "TMPDIR": str(folder / ("a" * 100))})
        self.assertEqual(raised.exception.reason, "SOCKET_PATH_TOO_LONG")
        (folder / f"runspaced-{os.getuid()}").mkdir(mode=0o755)
        with self.assertRaises(RunspaceError) as raised:
            address_of(None, None, {**environment, "TMPDIR": str(folder)})
        self.assertEqual(raised.exception.reason, "ACCESS_DENIED")
        for text in ("tcp://a", "unix:relative", "/a"):
            with self.assertRaises(RunspaceError) as raised:
                address_of(text, None, {})
            self.assertEqual(raised.exception.reason, "INVALID_ARGUMENT")


def _problem_of(pipeline: Any) -> RunspaceError | None:
    try:
        list(pipeline)
    except RunspaceError as error:
        return error
    return None
