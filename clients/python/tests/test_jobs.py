"""Jobs against a real daemon with JavaScript sessions."""

from __future__ import annotations

import unittest

from runspaced import Attached, Client, JobOutcome, JobState, NewSession, RunspaceError, Stream
from support.machine import Machine

machine: Machine
client: Client


def setUpModule() -> None:
    global machine, client
    machine = Machine()
    machine.start_daemon()
    client = machine.client()
    for name in ("one", "two"):
        client.sessions.create(name, engine="javascript")


def tearDownModule() -> None:
    machine.close()


def values(job: str, **options: object) -> list[object]:
    """What a job wrote on the output stream."""
    return [
        record.value
        for found in client.jobs.receive(job, **options)  # type: ignore[arg-type]
        for record in found.records
        if record.stream == "output"
    ]


class Jobs(unittest.TestCase):
    def test_life(self) -> None:
        """P112 P71 a job over sessions and a new one: each ends in one way, and its output comes once"""
        script = "if (args[0] === 1) console.log(6 * 7)"
        targets: list[str | NewSession] = [
            "one",
            "two",
            NewSession(engine="javascript"),
            "nowhere",
        ]
        job = client.jobs.start(script, targets, name="life", arguments=[1], throttle_limit=2)
        over = client.jobs.wait([job.number])
        outcomes = [JobOutcome(child.outcome) for child in over[0].children]
        self.assertEqual(outcomes, [JobOutcome.SUCCEEDED] * 3 + [JobOutcome.UNREACHABLE])
        self.assertEqual(JobState(over[0].state), JobState.FAILED)
        self.assertEqual([child.written.output for child in over[0].children][:3], [1, 1, 1])
        self.assertEqual(values("life", keep=True), ["42"] * 3)
        self.assertEqual(values("life", streams=[Stream.OUTPUT]), ["42"] * 3)
        self.assertEqual(values("life"), [])
        self.assertFalse(client.jobs.get("life").has_more_data)
        client.jobs.remove("life")
        with self.assertRaises(RunspaceError) as raised:
            client.jobs.get("life")
        self.assertEqual(raised.exception.reason, "JOB_NOT_FOUND")

    def test_input(self) -> None:
        """P112 P14 every target of a job gets all of its input"""
        script = "let sum = 0; for await (const item of input) sum += Number(item); sum"
        job = client.jobs.start(script, ["one", "two"], input=range(1, 101))
        self.assertEqual(values(job.id, wait=True), [5050, 5050])

    def test_taken_up(self) -> None:
        """P112 P34 a command that runs is taken up by a job, stopped and removed"""
        client.pipelines.start("one", "await new Promise(() => undefined)")
        job = client.jobs.start("taken up", [Attached("one")], name="taken")
        with self.assertRaises(RunspaceError) as raised:
            client.jobs.remove(job.id)
        self.assertEqual(raised.exception.reason, "JOB_RUNNING")
        changes = client.jobs.watch([job.id])
        self.assertEqual(next(changes).job_id, job.id)
        client.jobs.stop(job.id)
        over = client.jobs.wait([job.id], timeout=30)
        self.assertEqual([JobState(each.state) for each in over], [JobState.STOPPED])
        self.assertIn(job.id, [each.id for each in client.jobs.list(states=[JobState.STOPPED])])
        client.jobs.remove(job.id)
        gone = next(change for change in changes if change.job is None)
        self.assertEqual(gone.job_id, job.id)
