"""Real daemons and clients that are killed while numbered records flow."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from runspaced import Client, Record, RunspaceError
from support.machine import Daemon, Machine

COUNT = 3000
NUMBERS = (
    f"for (let i = 1; i <= {COUNT}; i++) {{ console.log(i);"
    " if (i % 30 === 0) await new Promise((done) => setTimeout(done, 10)) }"
)


machine: Machine
daemon: Daemon
client: Client


def setUpModule() -> None:
    global machine, client
    machine = Machine()
    start_daemon()
    client = machine.client()


def tearDownModule() -> None:
    machine.close()


def start_daemon() -> None:
    """The next daemon."""
    global daemon
    daemon = machine.start_daemon()


class Kills(unittest.TestCase):
    def assertWhole(self, records: list[Record]) -> None:
        """Each number once, in order, with the value that belongs to it."""
        self.assertEqual([getattr(record, "sequence", None) for record in records], list(range(1, COUNT + 2)))
        values = [record.value for record in records if record.stream == "output"]
        self.assertEqual(values, [str(number) for number in range(1, COUNT + 1)])

    def test_daemon(self) -> None:
        """P41 P111 the daemon killed twice while records flow: each comes once, in order, and the input too"""
        session = client.sessions.create("daemon", engine="javascript")
        second = client.sessions.create("second", engine="javascript")
        echoed: list[str] = []
        held = threading.Event()

        def items() -> object:
            for number in range(400):
                held.wait(0.005)
                yield number

        script = "for await (const item of input) console.log(item)"
        feeding = threading.Thread(
            target=lambda: echoed.extend(second.invoke(script, input=items()).values())  # type: ignore[arg-type]
        )
        feeding.start()
        records: list[Record] = []
        for record in session.invoke(NUMBERS, acknowledge=True):
            records.append(record)
            if len(records) in (300, 1500):
                daemon.kill()
                start_daemon()
        self.assertWhole(records)
        feeding.join(60)
        self.assertEqual(echoed, [str(number) for number in range(400)])

    def test_client(self) -> None:
        """P35 P49 a client killed while records flow: another one goes on where it was, and misses nothing"""
        client.sessions.create("client", engine="javascript").start(NUMBERS)
        reader = (
            "import sys; sys.path.insert(0, sys.argv[1]); from runspaced import Client\n"
            "for record in Client().pipelines.receive('client', acknowledge=True):\n"
            "    print(record.sequence, flush=True)"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", reader, str(Path(__file__).parents[1])],
            env=machine.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        shown = 0
        for line in process.stdout:
            shown = int(line)
            if shown == 500:
                process.kill()
        process.stdout.close()
        process.wait()
        self.assertGreaterEqual(shown, 500)
        rest = [record for record in machine.client().pipelines.receive("client", acknowledge=True)]
        first = getattr(rest[0], "sequence", 0)
        self.assertTrue(1 < first <= shown + 1, f"goes on with {first} after {shown}")
        self.assertEqual([getattr(record, "sequence", 0) for record in rest], list(range(first, COUNT + 2)))
        self.assertWhole(list(client.pipelines.receive("client", after_sequence=0)))

    def test_silence(self) -> None:
        """P95 a daemon that hangs counts as lost after the silence; the command goes on, and is received from the next one"""
        client.sessions.create("silence", engine="javascript")
        pipeline = machine.client(silence=2, retry_limit=1).pipelines.invoke("silence", NUMBERS)
        records: list[Record] = []
        with self.assertRaises(RunspaceError) as raised:
            for record in pipeline:
                records.append(record)
                if len(records) == 300:
                    daemon.signal(signal.SIGSTOP)
        self.assertEqual(raised.exception.reason, "CONNECTION_LOST")
        daemon.kill()
        start_daemon()
        rest = client.pipelines.receive(
            "silence", pipeline=pipeline.id, after_sequence=pipeline.last_sequence
        )
        self.assertWhole([*records, *rest])

    def test_start(self) -> None:
        """P112 a client may start the daemon that is not there"""
        client.sessions.create("start", engine="javascript")
        daemon.kill()
        late = machine.client(start=start_daemon)
        self.assertIn("start", [session.name for session in late.sessions.list()])

    def test_ended(self) -> None:
        """P112 a daemon that is ended on purpose and started again is found again"""
        client.sessions.create("ended", engine="javascript")
        client.daemon.stop()
        daemon.wait_ended()
        restarted = threading.Thread(target=start_daemon)
        restarted.start()
        self.assertEqual(client.sessions.get("ended").name, "ended")
        restarted.join()
