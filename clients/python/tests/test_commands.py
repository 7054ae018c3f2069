"""Against a real daemon with JavaScript sessions."""

from __future__ import annotations

import contextlib
import itertools
import threading
import unittest
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from runspaced import (
    Availability,
    Client,
    CommandError,
    FinalState,
    PipelineState,
    RunspaceError,
    Session,
    SessionInfo,
    SessionOptions,
    SessionState,
    Stream,
)
from support.machine import Machine, eventually

machine: Machine
client: Client


def setUpModule() -> None:
    global machine, client
    machine = Machine()
    machine.start_daemon()
    client = machine.client()


def tearDownModule() -> None:
    machine.close()


class TestCase(unittest.TestCase):
    @contextlib.contextmanager
    def refused(self, reason: str) -> Iterator[Any]:
        """The call fails with this reason."""
        with self.assertRaises(RunspaceError) as raised:
            yield raised
        self.assertEqual(raised.exception.reason, reason)


class Sessions(TestCase):
    def test_life(self) -> None:
        """P112 a session is created, found, listed, renamed and removed"""
        options = SessionOptions(idle_timeout=timedelta(minutes=5))
        session = client.sessions.create("life", engine="javascript", options=options, request_id="life-1")
        again = client.sessions.create("life", engine="javascript", options=options, request_id="life-1")
        self.assertEqual((again.id, session.engine, session.target), (session.id, "javascript", "localhost"))
        self.assertEqual(session.proto.options.idle_timeout.seconds, 300)
        self.assertEqual(session.state, SessionState.DISCONNECTED)
        names: list[str | int] = ["life", session.number, session.id, session.id[:10]]
        for name in names:
            self.assertEqual(client.sessions.get(name).id, session.id)
        self.assertEqual([each.name for each in client.sessions.list(["li*"])], ["life"])
        self.assertEqual(session.rename("lived").name, "lived")
        self.assertEqual(session.remove().state, SessionState.CLOSED)
        with self.refused("EXPIRED") as raised:
            session.invoke("1")
        self.assertIn("removed", str(raised.exception))

    def test_refusals(self) -> None:
        """refusals are typed: reason, facts and what to do"""
        with self.refused("SESSION_NOT_FOUND") as raised:
            client.sessions.get("nobody")
        self.assertEqual(raised.exception.metadata["session"], "nobody")
        self.assertIn("runspace ls", raised.exception.message)
        with self.refused("OPTION_OUT_OF_RANGE"):
            client.sessions.create(engine="javascript", options=SessionOptions(idle_timeout=5))
        with self.refused("INVALID_ARGUMENT"):
            client.pipelines.invoke("nobody", " \n")
        with self.refused("INVALID_ARGUMENT"):
            client.pipelines.invoke("nobody", "'\ud83d'")
        for options in (
            {"input": "text"},
            {"input": {"a": 1}},
            {"arguments": "text"},
            {"arguments": [object()]},
        ):
            with self.refused("INVALID_ARGUMENT"):
                client.pipelines.invoke("nobody", "1", **options)  # type: ignore[arg-type]

    def test_connections(self) -> None:
        """P31 P33 one client is connected; others see it busy, are refused, and may take over"""
        other = machine.client(client_id="other")
        session = client.sessions.create("connected", engine="javascript")
        self.assertEqual(session.connect(lease=60).state, SessionState.OPENED)
        seen = other.sessions.get("connected")
        self.assertEqual((seen.state, seen.availability), (SessionState.DISCONNECTED, Availability.BUSY))
        with self.refused("CONNECTED_ELSEWHERE"):
            seen.invoke("1")
        self.assertEqual(seen.connect(take_over=True).connected_client_id, "other")
        with self.refused("CONNECTED_ELSEWHERE"):
            session.invoke("1")
        self.assertEqual(list(session.invoke("1", take_over=True).values()), [1])
        self.assertEqual(session.disconnect().state, SessionState.DISCONNECTED)

    def test_attach(self) -> None:
        """P31 attaching connects while it lasts, and tells what happens to the session"""
        session = client.sessions.create("attached", engine="javascript")
        attached = client.sessions.attach(session.id, after_sequence=0)
        told: list[Any] = []
        for event in attached:
            told.append(event)
            if isinstance(event, SessionInfo) and event.state == SessionState.OPENED:
                break
        self.assertEqual(session.refresh().connected_client_id, client.client_id)
        attached.close()
        eventually(lambda: True if session.refresh().connected_client_id == "" else None)
        self.assertIn("attached", told[0].name)

    def test_watch(self) -> None:
        """P38 a watcher hears of sessions as they are, come and go"""
        before = client.sessions.create("watch-1", engine="javascript")
        changes = client.sessions.watch(["watch-*"])
        first = next(changes)
        self.assertEqual((first.session_id, first.session and first.session.name), (before.id, "watch-1"))
        after = client.sessions.create("watch-2", engine="javascript")
        for change in changes:
            if change.session_id == after.id:
                break
        after.remove()
        for change in changes:
            if change.session_id == after.id and change.session is None:
                break
            if change.session is not None and change.session.state == SessionState.CLOSED:
                break
        changes.close()

    def test_status(self) -> None:
        """P112 the daemon says what runs"""
        self.assertGreater(client.daemon.status().pid, 0)

    def test_configurations(self) -> None:
        """P19 configurations are registered, listed, used and removed"""
        text = "{name: lab, engine: javascript, startupScript: 'var fromStart = 5'}"
        registered = client.configurations.register(text)
        self.assertEqual((registered.name, registered.engine), ("lab", "javascript"))
        self.assertIn("lab", [each.name for each in client.configurations.list(["l*"])])
        session = client.sessions.create(configuration="lab")
        self.assertEqual(list(session.invoke("fromStart").values()), [5])
        self.assertEqual(
            (session.configuration, client.configurations.get("LAB").engine), ("lab", "javascript")
        )
        client.configurations.unregister("lab")
        with self.refused("CONFIGURATION_NOT_FOUND"):
            client.configurations.get("lab")
        with self.refused("CONFIGURATION_INVALID"):
            client.configurations.register("{name: lab, colour: red}", validate_only=True)

    def test_python(self) -> None:
        """P113 values go to a Python engine and come back"""
        session = client.sessions.create(engine="python")
        things: list[Any] = [2**80, 0.5, None, "\ud83d", b"\0", [1], {"a": 1}, {1, 2}]
        self.assertEqual(list(session.invoke("args[0]", arguments=[things]).values()), [things])


class Commands(TestCase):
    session: Session

    @classmethod
    def setUpClass(cls) -> None:
        cls.session = client.sessions.create("commands", engine="javascript")

    def values(self, script: str, **options: Any) -> list[Any]:
        """What a script gives."""
        return list(self.session.invoke(script, **options).values())

    def test_variables(self) -> None:
        """P30 variables stay between calls, whoever makes them"""
        self.values("var p = 40")
        self.assertEqual(self.values("p + 2"), [42])
        self.assertEqual(list(machine.client().pipelines.invoke("commands", "p").values()), [40])

    def test_records(self) -> None:
        """P60 P62 records are typed, numbered and dated, and know where they come from"""
        script = "console.log('out'); console.warn('careful'); console.error('bad'); [1, 'two']"
        pipeline = self.session.invoke(script)
        records = list(pipeline)
        self.assertEqual(
            [record.stream for record in records], ["output", "warning", "information", "output", "final"]
        )
        self.assertEqual([getattr(record, "sequence", 0) for record in records], [1, 2, 3, 4, 5])
        printed, warning, noise, result, final = records
        assert printed.stream == "output" and result.stream == "output"
        assert warning.stream == "warning" and noise.stream == "information" and final.stream == "final"
        self.assertEqual(
            (printed.value, printed.tag, result.value, result.tag), ("out", "stdout", [1, "two"], "")
        )
        self.assertEqual((warning.message, noise.message, noise.tags), ("careful", "bad", ("stderr",)))
        self.assertEqual((final.state, final.problem), (FinalState.COMPLETED, None))
        for record in records:
            self.assertEqual(record.PSComputerName, "localhost")
            self.assertEqual(record.RunspaceId, self.session.runspace_id)
            self.assertEqual((record.session_id, record.session_name), (self.session.id, "commands"))
            self.assertEqual(record.pipeline_id, pipeline.id)
        age = datetime.now(timezone.utc) - (final.time or datetime.min.replace(tzinfo=timezone.utc))
        self.assertLess(abs(age), timedelta(minutes=5))

    def test_failure(self) -> None:
        """P60 values come until the failure, which says what and where"""
        values: list[Any] = []
        with self.assertRaises(CommandError) as raised:
            values.extend(
                self.session.invoke("console.log(1); throw new TypeError('no such thing')").values()
            )
        error = raised.exception
        self.assertEqual((error.reason, str(error)), ("SCRIPT_FAILED", "no such thing"))
        assert error.error is not None
        self.assertEqual((error.error.exception_type, error.final.state), ("TypeError", FinalState.FAILED))

    def test_values(self) -> None:
        """P12 P61 values go to the engine and come back as they were"""
        things: list[Any] = [
            1,
            -(2**40),
            2**80,
            0.5,
            True,
            None,
            "x\0\u20ac\ud83d",
            b"\0\1",
            [[], [1]],
            {1, 2},
            {1: "a"},
        ]
        things.append(datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc))
        self.assertEqual(self.values("args[0]", arguments=[things])[0], things)
        (found,) = self.values("args[0]", arguments=[{"a": [1]}])
        self.assertEqual((found.a, found.properties), ([1], {"a": [1]}))

    def test_input(self) -> None:
        """P14 input of any length is streamed, one object an item"""
        script = "let sum = 0; for await (const item of input) sum += item; sum"
        self.assertEqual(self.values(script, input=iter(range(5_000))), [sum(range(5_000))])
        self.assertEqual(
            self.values("for await (const item of input) console.log(item.a)", input=[{"a": "b"}]), ["b"]
        )
        self.assertEqual(self.values("let n = 0; for await (const _ of input) n += 1; n", input=[]), [0])

    def test_slow_input(self) -> None:
        """P14 what a command answers to one item may decide what the next one is"""
        answers: list[int] = []
        may_go = threading.Semaphore(1)

        def source() -> Iterator[int]:
            for number in range(5):
                may_go.acquire()
                yield number + (answers[-1] if answers else 0)

        script = "for await (const item of input) console.log(item * 2)"
        for value in self.session.invoke(script, input=source()).values():
            answers.append(int(value))
            may_go.release()
        self.assertEqual(answers, [0, 2, 8, 22, 52])

    def test_endless_input(self) -> None:
        """P14 a command may end before its input does"""
        script = "for await (const item of input) if (item === 5) break; 'enough'"
        self.assertEqual(self.values(script, input=itertools.count()), ["enough"])

    def test_streams(self) -> None:
        """only the streams that are asked for come, and the final record"""
        script = "console.log('out'); console.warn('careful')"
        found = [record.stream for record in self.session.invoke(script, streams=[Stream.WARNING])]
        self.assertEqual(found, ["warning", "final"])

    def test_start_and_receive(self) -> None:
        """P34 a command that was started is received from any number, by anybody, again and again"""
        started = self.session.start("for (let i = 1; i <= 20; i++) console.log(i)", request_id="start-1")
        again = self.session.start("for (let i = 1; i <= 20; i++) console.log(i)", request_id="start-1")
        self.assertEqual(again.id, started.id)
        for after in (0, 5, 20):
            received = machine.client().pipelines.receive(
                "commands", pipeline=started.number, after_sequence=after
            )
            numbers = [record.sequence for record in received if record.stream != "gap"]
            self.assertEqual(numbers, list(range(after + 1, 22)))
        with self.refused("RECORDS_BEYOND_END"):
            self.session.receive(pipeline=started.id, after_sequence=500)
        found = client.pipelines.get("commands", started.id)
        self.assertEqual((found.state, found.last_sequence), (PipelineState.COMPLETED, 21))
        self.assertIn(started.id, [each.id for each in self.session.pipelines()])
        with self.refused("REQUEST_ID_REUSED"):
            self.session.start("'another'", request_id="start-1")

    def test_acknowledge(self) -> None:
        """P49 who acknowledges goes on after what it has taken, also as another client"""
        session = client.sessions.create("acknowledge", engine="javascript")
        started = session.start("for (let i = 1; i <= 20; i++) console.log(i)")
        taken = []
        for record in session.receive(acknowledge=True).records():
            taken.append(record)
            if len(taken) == 8:
                break  # The eighth was not taken to its end.
        self.assertEqual(client.pipelines.get(session.id, started.id).acknowledged_sequence, 7)
        rest = machine.client().pipelines.receive("acknowledge", acknowledge=True)
        self.assertEqual([record.sequence for record in rest if record.stream != "gap"], list(range(8, 22)))
        self.assertEqual(client.pipelines.get(session.id, started.id).acknowledged_sequence, 21)
        self.assertEqual(list(session.receive(acknowledge=True)), [])

    def test_stop(self) -> None:
        """P51 a command is stopped from another thread; its session goes on"""
        pipeline = self.session.invoke(
            "console.log('begun'); for (;;) await new Promise((done) => setTimeout(done, 10))"
        )
        values = pipeline.values()
        self.assertEqual(next(values), "begun")
        stopper = threading.Thread(target=pipeline.stop)
        stopper.start()
        with self.assertRaises(CommandError) as raised:
            list(values)
        stopper.join()
        self.assertEqual(
            (raised.exception.reason, raised.exception.final.state), ("STOPPED", FinalState.STOPPED)
        )
        self.assertEqual(self.values("1"), [1])

    def test_leaving(self) -> None:
        """P35 whoever leaves early leaves the command running"""
        script = "console.log('begun'); await new Promise((go) => (globalThis.go = go)); 'done'"
        with self.session.invoke(script) as pipeline:
            for value in pipeline.values():
                break
        self.assertEqual(value, "begun")
        self.assertEqual(client.pipelines.get("commands", pipeline.id).state, PipelineState.RUNNING)
        self.session.stop()
        left = self.session.receive(pipeline=pipeline.id, after_sequence=pipeline.last_sequence)
        self.assertEqual([record.stream for record in left], ["final"])

    def test_timeouts(self) -> None:
        """P52 a run timeout and a no-output timeout end the command, a reader's timeout the reading"""
        forever = "await new Promise((done) => setTimeout(done, 1e6))"
        for option, reason in (("run_timeout", "RUN_TIMEOUT"), ("output_timeout", "OUTPUT_TIMEOUT")):
            with self.assertRaises(CommandError) as raised:
                self.values(forever, **{option: 0.2})
            self.assertEqual(raised.exception.reason, reason)
        with self.refused("DEADLINE_EXCEEDED"):
            self.values(forever, timeout=0.2)
        self.session.stop()

    def test_queue(self) -> None:
        """P39 a busy session queues, or refuses where the caller does not want to wait"""
        busy = self.session.invoke("await new Promise((done) => setTimeout(done, 1e6))")
        queued = self.session.start("'queued'")
        self.assertEqual((queued.state, queued.queue_place), (PipelineState.NOT_STARTED, 1))
        with self.refused("SESSION_BUSY"):
            self.session.invoke("1", no_wait=True)
        busy.stop()
        self.assertEqual(
            list(self.session.receive(pipeline=queued.id, after_sequence=0).values()), ["queued"]
        )

    def test_threads(self) -> None:
        """P112 threads share one client"""
        sessions = [client.sessions.create(engine="javascript") for _ in range(3)]
        found: dict[str, list[Any]] = {}

        def count(session: Session) -> None:
            found[session.id] = list(session.invoke("for (let i = 0; i < 2000; i++) console.log(i)").values())

        threads = [threading.Thread(target=count, args=[session]) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(list(found.values()), [[str(number) for number in range(2000)]] * 3)

    def test_large(self) -> None:
        """P61 a value of 6 MB goes and comes whole"""
        text = "\u20ac" * 2_000_000
        self.assertEqual(self.values("args[0] + '!'", arguments=[text]), [text + "!"])
