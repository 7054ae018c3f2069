"""Against a real daemon with PowerShell sessions."""

from __future__ import annotations

import dataclasses
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from runspaced import (
    ActionPreference,
    Char,
    Client,
    Clixml,
    CommandError,
    EnumValue,
    PSObject,
    Preferences,
    RunspaceError,
    ScriptBlock,
    SecureString,
    Session,
    Uri,
    ValueFormat,
    Version,
)
from support.machine import Machine

machine: Machine
client: Client


def setUpModule() -> None:
    global machine, client
    machine = Machine()
    machine.start_daemon()
    client = machine.client()


def tearDownModule() -> None:
    machine.close()


@dataclasses.dataclass
class Point:
    x: int
    name: str


class PowerShell(unittest.TestCase):
    needs = ["powershell"]
    session: Session

    @classmethod
    def setUpClass(cls) -> None:
        cls.session = client.sessions.create("powershell", engine="powershell")

    def test_display(self) -> None:
        """P61 P112 values stay what they are beside what a terminal shows of them"""
        pipeline = client.pipelines.invoke("powershell", "'t'; [version]'1.2'", display_columns=60)
        seen = [record for record in pipeline.records() if record.stream in ("output", "display")]
        self.assertEqual([record.value for record in seen if record.stream == "output"], ["t", Version("1.2")])
        shown = "\n".join(record.text for record in seen if record.stream == "display")
        self.assertRegex(shown, r"^$|^\nMajor ")

    def values(self, script: str, **options: Any) -> list[Any]:
        """What a script gives."""
        return list(self.session.invoke(script, **options).values())

    def test_take_over(self) -> None:
        """P33 opened by the CLI, $p set; the Python client reads 42, the Node client takes over, and the CLI gets CONNECTED_ELSEWHERE"""
        self.assertEqual(machine.run("new", "shared", "--engine", "powershell").returncode, 0)
        self.assertEqual(machine.run("invoke", "shared", "--", "$p = 42").returncode, 0)
        self.assertEqual(machine.run("connect", "shared").returncode, 0)
        with self.assertRaises(RunspaceError) as raised:
            client.pipelines.invoke("shared", "$p")
        self.assertEqual(raised.exception.reason, "CONNECTED_ELSEWHERE")
        client.sessions.connect("shared", take_over=True)
        self.assertEqual(list(client.pipelines.invoke("shared", "$p").values()), [42])
        script = (
            "const session = await client.sessions.connect('shared', { takeOver: true });"
            "const values = []; for await (const value of session.invoke('$p').values()) values.push(value);"
            "return values;"
        )
        self.assertEqual(machine.run_node_client(script), [42])
        refused = machine.run("invoke", "shared", "--", "$p")
        self.assertEqual(refused.returncode, 5)
        self.assertIn("is connected to session", refused.stderr)
        with self.assertRaises(RunspaceError) as raised:
            client.sessions.connect("shared")
        self.assertEqual(raised.exception.reason, "CONNECTED_ELSEWHERE")

    def test_arguments(self) -> None:
        """P12 Python values reach PowerShell as its own types, and come back"""
        east = timezone(timedelta(hours=2))
        cases: list[tuple[Any, str]] = [
            (1, "System.Int32"),
            (2**40, "System.Int64"),
            (2**63, "System.UInt64"),
            (1.5, "System.Double"),
            (True, "System.Boolean"),
            ("\u20ac\ud83d", "System.String"),
            (b"ab", "System.Byte[]"),
            (Decimal("1.10"), "System.Decimal"),
            (datetime(2026, 1, 2, 3, 4, 5, 678), "System.DateTime"),
            (datetime(2026, 1, 2, tzinfo=timezone.utc), "System.DateTime"),
            (timedelta(hours=1, microseconds=3), "System.TimeSpan"),
            (uuid.UUID(int=7), "System.Guid"),
            (Char("x"), "System.Char"),
            (Uri("http://example.org/"), "System.Uri"),
            (Version("1.2.3"), "System.Version"),
            ([1, [2]], "System.Collections.ArrayList"),
            ({"a": 1}, "System.Collections.Hashtable"),
        ]
        script = "param($things) foreach ($thing in $things) { $thing.GetType().FullName }; ,$things"
        *names, back = self.values(script, arguments=[[thing for thing, _ in cases]])
        self.assertEqual(names, [name for _, name in cases])
        for (thing, _), found in zip(cases, back):
            self.assertEqual(found, thing)
        moment = self.values("$args[0].ToUniversalTime()", arguments=[datetime(2026, 1, 2, 4, tzinfo=east)])
        self.assertEqual(moment, [datetime(2026, 1, 2, 2, tzinfo=timezone.utc)])

    def test_objects(self) -> None:
        """P12 P61 a dataclass is an object with properties; objects come with properties, type names and text"""
        self.assertEqual(
            self.values("param($p) $p.x + 1; $p.name", named_arguments={"p": Point(1, "a")}), [2, "a"]
        )
        (found,) = self.values(
            "[pscustomobject]@{ Name = 'n'; Inner = [pscustomobject]@{ Deep = @(1, $null) } }"
        )
        self.assertIsInstance(found, PSObject)
        self.assertEqual((found.Name, found.inner.deep), ("n", [1, None]))
        self.assertIn("PSCustomObject", found.type_names[0])
        self.assertEqual(self.values("param($o) $o.Name; $o.Inner.Deep.Count", arguments=[found]), ["n", 2])
        (day, block) = self.values("[DayOfWeek]::Monday; { 1 + 1 }")
        self.assertEqual((day, block), ("Monday", " 1 + 1 "))
        self.assertIsInstance(day, EnumValue)
        self.assertIsInstance(block, (ScriptBlock, str))
        self.assertEqual(self.values("param([DayOfWeek] $day) [int] $day", arguments=[day]), [1])

    def test_streams(self) -> None:
        """P60 P62 all streams come typed, with PSComputerName and RunspaceId"""
        script = (
            "$host.UI.WriteLine('shown'); $PSCmdlet.WriteWarning('w'); $PSCmdlet.WriteDebug('d');"
            "$p = [Management.Automation.ProgressRecord]::new(1, 'Copying', 'half'); $p.PercentComplete = 50;"
            "$PSCmdlet.WriteProgress($p); $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new("
            "[Exception]::new('bad'), 'BadId', 'InvalidData', 5)); 1"
        )
        found = {
            record.stream: record for record in self.session.invoke(f"[CmdletBinding()] param() {script}")
        }
        self.assertLessEqual({"warning", "progress", "error", "output", "final"}, set(found))
        error: Any = found["error"]
        self.assertEqual((error.message, error.category, error.target_object), ("bad", "InvalidData", 5))
        self.assertIn("BadId", error.fully_qualified_error_id)
        progress: Any = found["progress"]
        self.assertEqual((progress.activity, progress.percent_complete), ("Copying", 50))
        self.assertEqual({record.PSComputerName for record in found.values()}, {"localhost"})
        self.assertEqual({record.RunspaceId for record in found.values()}, {self.session.runspace_id})

    def test_input(self) -> None:
        """P14 pipeline input is one object an item"""
        self.assertEqual(
            self.values("$input | ForEach-Object { $_.n * 2 }", input=({"n": n} for n in range(4))),
            [0, 2, 4, 6],
        )

    def test_error(self) -> None:
        """P60 a terminating error ends the values with its message"""
        with self.assertRaises(CommandError) as raised:
            self.values("1; throw 'no more'")
        self.assertEqual(str(raised.exception), "no more")
        assert raised.exception.error is not None
        self.assertIn("RuntimeException", raised.exception.error.exception_type)

    def test_deep(self) -> None:
        """P61 nested objects beyond protobuf's own limit of 100 messages are read"""
        script = "$o = 1; foreach ($i in 1..40) { $o = [pscustomobject]@{ n = $o } }; $o"
        (found,) = self.values(script)
        depth = 0
        while isinstance(found, PSObject):
            found, depth = found.n, depth + 1
        self.assertGreaterEqual(depth, 1)

    def test_secrets(self) -> None:
        """P29 a secure string is sent sealed, comes back opaque, and is revealed on request"""
        script = "param($s) $s.GetType().Name; [Net.NetworkCredential]::new('', $s).Password.Length; ,$s"
        name, length, secret = self.values(script, arguments=[SecureString("p\u00e4ss\ud83d")])
        self.assertEqual((name, length), ("SecureString", 5))
        self.assertIsInstance(secret, SecureString)
        self.assertEqual(client.pipelines.reveal_secret(self.session.id, secret), "p\u00e4ss\ud83d")

    def test_host_calls(self) -> None:
        """P65 the Python client is the host: it answers what a script asks, with a value, a default or a refusal"""
        script = "$host.UI.ReadLine(); try { $host.UI.ReadLine() } catch { 'refused' }; $host.UI.WriteLine('shown')"
        pipeline = self.session.invoke(script)
        answers: list[dict[str, Any]] = [{"value": "Ada"}, {"error": "nobody knows"}]
        values = []
        for record in pipeline:
            if record.stream == "host_call" and record.needs_response:
                self.assertEqual(record.method, "ReadLine")
                pipeline.respond(record.call_id, **answers.pop(0))
            if record.stream == "output":
                values.append(record.value)
        self.assertEqual((values, answers), (["Ada", "refused"], []))
        with self.assertRaises(RunspaceError) as raised:
            pipeline.respond(1, "again")
        self.assertIn(raised.exception.reason, {"HOST_CALL_UNKNOWN", "PIPELINE_FINISHED"})

    def test_formats(self) -> None:
        """P66 output comes as CLIXML or JSON text on request, and CLIXML is taken as input"""
        (text, _) = self.session.invoke("5", format=ValueFormat.CLIXML)
        assert text.stream == "output"
        self.assertIn("<I32>5</I32>", text.text)
        found = self.values("$input | ForEach-Object { $_ + 1 }", input=[Clixml("<I32>5</I32>"), 7])
        self.assertEqual(found, [6, 8])

    def test_using(self) -> None:
        """P10 values for $Using: expressions, and preferences for one command"""
        self.assertEqual(self.values("$Using:x + $Using:y.Length", using={"x": 1, "y.Length": 4}), [5])
        with self.assertRaises(RunspaceError) as raised:
            self.values("$Using:x", using={})
        self.assertEqual(raised.exception.reason, "USING_VARIABLE_UNDEFINED")
        loud = Preferences(verbose=ActionPreference.CONTINUE)
        script = "[CmdletBinding()] param() $PSCmdlet.WriteVerbose('v')"
        self.assertEqual(
            [r.stream for r in self.session.invoke(script, preferences=loud)], ["verbose", "final"]
        )

    def test_reset(self) -> None:
        """P37 a reset gives variables their first values back"""
        self.values("$left = 1")
        self.session.reset()
        self.assertEqual(self.values("$null -eq $left"), [True])
