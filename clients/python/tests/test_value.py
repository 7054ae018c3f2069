from __future__ import annotations

import copy
import dataclasses
import enum
import math
import pathlib
import pickle
import random
import unittest
import uuid
from collections import OrderedDict, deque, namedtuple
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from runspaced import (
    Char,
    Entries,
    EnumValue,
    PSObject,
    RunspaceError,
    ScriptBlock,
    SecureString,
    Uri,
    Version,
    Xml,
    from_value,
    to_value,
)
from runspaced.deep import allow_deep_messages
from runspaced.gen.runspace.v1.value_pb2 import DateTime, Dictionary, List, ObjectValue, Property, Value


@dataclasses.dataclass
class Point:
    x: int
    y: float


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 2


Pair = namedtuple("Pair", "a b")


class ToValue(unittest.TestCase):
    def test_kinds(self) -> None:
        """P12 P112 a Python value keeps its type"""
        cases: list[tuple[object, Value]] = [
            (True, Value(bool=True)),
            (42, Value(int32=42)),
            (-(2**31), Value(int32=-(2**31))),
            (2**31, Value(int64=2**31)),
            (2**63 - 1, Value(int64=2**63 - 1)),
            (2**63, Value(uint64=2**63)),
            (2**64, Value(big_integer="18446744073709551616")),
            (-(2**63) - 1, Value(big_integer="-9223372036854775809")),
            (1.5, Value(double=1.5)),
            (-math.inf, Value(double=-math.inf)),
            ("text", Value(string="text")),
            ("", Value(string="")),
            ("a\0b", Value(string="a\0b")),
            ("\ud83d", Value(string_utf16=b"\x3d\xd8")),
            ("\ud83d\ude00", Value(string="\U0001f600")),
            (b"\0\xff", Value(bytes=b"\0\xff")),
            (bytearray(b"a"), Value(bytes=b"a")),
            (memoryview(b"a"), Value(bytes=b"a")),
            (uuid.UUID(int=1), Value(guid="00000000-0000-0000-0000-000000000001")),
            (Decimal("1.10"), Value(decimal="1.10")),
            (Decimal("1E+3"), Value(decimal="1000")),
            (timedelta(microseconds=1), Value(duration_ticks=10)),
            (timedelta(days=-1), Value(duration_ticks=-864_000_000_000)),
            (Char("x"), Value(char=120)),
            (Char("\ud83d"), Value(char=0xD83D)),
            (Uri("http://a/"), Value(uri="http://a/")),
            (Version("1.2"), Value(version="1.2")),
            (Xml("<a/>"), Value(xml="<a/>")),
            (ScriptBlock("1"), Value(script_block="1")),
            (Colour.RED, Value(string="red")),
            (Size.BIG, Value(int32=2)),
            (pathlib.PurePosixPath("/a"), Value(string="/a")),
            (Value(single=0.5), Value(single=0.5)),
        ]
        for thing, value in cases:
            with self.subTest(repr(thing)):
                self.assertEqual(to_value(thing), value)
        self.assertEqual(to_value(None).WhichOneof("kind"), "null")

    def test_dates(self) -> None:
        """P12 dates keep their clock and what it stands for"""
        east = timezone(timedelta(hours=5, minutes=30))
        cases = [
            (datetime(2026, 2, 28, 13, 45), "2026-02-28T13:45:00", DateTime.KIND_CLOCK),
            (datetime(1, 1, 1), "0001-01-01T00:00:00", DateTime.KIND_CLOCK),
            (date(2026, 2, 28), "2026-02-28T00:00:00", DateTime.KIND_CLOCK),
            (datetime(2026, 1, 1, tzinfo=timezone.utc), "2026-01-01T00:00:00Z", DateTime.KIND_UTC),
            (datetime(2026, 1, 1, 0, 0, 0, 5, east), "2026-01-01T00:00:00.000005+05:30", DateTime.KIND_LOCAL),
            (
                datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=30))),
                "2025-12-31T23:59:30Z",
                DateTime.KIND_UTC,
            ),
        ]
        for moment, text, kind in cases:
            with self.subTest(text):
                self.assertEqual(to_value(moment), Value(date_time=DateTime(text=text, kind=kind)))

    def test_containers(self) -> None:
        """P12 sequences are lists, sets sets, mappings dictionaries, dataclasses objects"""
        one = Value(int32=1)
        entries = Dictionary(entries=[{"key": Value(string="a"), "value": one}])
        cases: list[tuple[object, Value]] = [
            ([1], Value(list=List(kind=List.KIND_LIST, items=[one]))),
            ((1,), Value(list=List(kind=List.KIND_LIST, items=[one]))),
            (range(1, 2), Value(list=List(kind=List.KIND_LIST, items=[one]))),
            (deque([1]), Value(list=List(kind=List.KIND_LIST, items=[one]))),
            (Pair(1, 1), Value(list=List(kind=List.KIND_LIST, items=[one, one]))),
            ({1}, Value(list=List(kind=List.KIND_SET, items=[one]))),
            (frozenset([1]), Value(list=List(kind=List.KIND_SET, items=[one]))),
            ({"a": 1}, Value(dictionary=entries)),
            (OrderedDict(a=1), Value(dictionary=entries)),
            (Entries([("a", 1)]), Value(dictionary=entries)),
        ]
        for thing, value in cases:
            with self.subTest(repr(thing)):
                self.assertEqual(to_value(thing), value)
        for empty, kind in (
            ({}, "dictionary"),
            ([], "list"),
            (set(), "list"),
            (PSObject(type_names=()), "object"),
        ):
            self.assertEqual(to_value(empty).WhichOneof("kind"), kind)
        sent = to_value(Point(1, 2.5)).object
        self.assertEqual(sent.type_names[0], "System.Management.Automation.PSCustomObject")
        self.assertEqual(
            [(each.name, from_value(each.value)) for each in sent.extended], [("x", 1), ("y", 2.5)]
        )

    def test_refused(self) -> None:
        """what can't be sent is refused by name"""
        loop: list[object] = []
        loop.append(loop)
        deep: list[object] = []
        for _ in range(5000):
            deep = [deep]
        cases: list[tuple[object, str]] = [
            (object(), "object"),
            (lambda: 1, "function"),
            (iter([1]), "list_iterator"),
            (1j, "complex"),
            (Decimal("NaN"), "not finite"),
            (timedelta.max, "29,000 years"),
            (Char("ab"), "UTF-16 code unit"),
            (loop, "contains itself"),
            (deep, "deep"),
            (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14, minutes=1))), "years 1 to 9999"),
            (Point, "type"),
        ]
        for thing, what in cases:
            with self.subTest(what), self.assertRaisesRegex(RunspaceError, what) as raised:
                to_value(thing)
            self.assertEqual(raised.exception.reason, "INVALID_ARGUMENT")

    def test_shared(self) -> None:
        """what is met twice, but not in itself, is sent twice"""
        shared = {"a": 1}
        self.assertEqual(from_value(to_value([shared, shared])), [shared, shared])

    def test_secret(self) -> None:
        """P29 a secure string is sent as UTF-16, and is in no repr"""
        secret = SecureString("p\u00e4ss")
        self.assertEqual(to_value(secret).secure_string.text_utf16, "p\u00e4ss".encode("utf-16-le"))
        self.assertNotIn("ss", repr(secret).replace("SecureString", ""))
        received = from_value(Value(secure_string={"secret_id": "s1"}))
        self.assertEqual(received.secret_id, "s1")
        self.assertEqual(to_value(received).secure_string.secret_id, "s1")


class FromValue(unittest.TestCase):
    def test_round_trip(self) -> None:
        """values come back as they went"""
        choose = random.Random(5)
        for _ in range(500):
            thing = anything(choose, 3)
            self.assertEqual(from_value(to_value(thing)), thing)

    def test_scalars(self) -> None:
        """P12 each kind of value has its Python type"""
        plus_one = timezone(timedelta(hours=1))
        cases: list[tuple[Value, object]] = [
            (Value(), None),
            (Value(uint8=255), 255),
            (Value(single=0.5), 0.5),
            (Value(big_integer="9" * 9000), 10**9000 - 1),
            (Value(big_integer="-10"), -10),
            (Value(string_utf16=b"\x3d\xd8a\0"), "\ud83da"),
            (Value(decimal="1.10"), Decimal("1.10")),
            (Value(duration_ticks=-(2**63)), timedelta(microseconds=-(2**63 // 10))),
            (Value(duration_ticks=-19), timedelta(microseconds=-1)),
            (
                Value(date_time={"text": "2026-02-28T13:45:10.1234567+01:00"}),
                datetime(2026, 2, 28, 13, 45, 10, 123456, plus_one),
            ),
            (
                Value(date_time={"text": "9999-12-31T23:59:59.9Z"}),
                datetime(9999, 12, 31, 23, 59, 59, 900000, timezone.utc),
            ),
            (
                Value(date_time={"text": "0001-01-01T00:00:00-08:00"}),
                datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-8))),
            ),
            (Value(date_time={"text": "some day"}), "some day"),
        ]
        for value, thing in cases:
            with self.subTest(value.WhichOneof("kind")):
                self.assertEqual(from_value(value), thing)
        for text, kind in (
            (Value(char=97), Char),
            (Value(uri="u"), Uri),
            (Value(xml="x"), Xml),
            (Value(script_block="s"), ScriptBlock),
        ):
            self.assertIs(type(from_value(text)), kind)
            self.assertEqual(to_value(from_value(text)), text)
        self.assertIsNone(from_value(None))

    def test_enum(self) -> None:
        """P12 an enumeration's member is its name, with its number, and goes back as it came"""
        value = Value(enum={"text": "Monday", "type_names": ["System.DayOfWeek"], "value": Value(int32=1)})
        monday = from_value(value)
        self.assertEqual((monday, monday.number, monday.type_names), ("Monday", 1, ("System.DayOfWeek",)))
        self.assertEqual(to_value(monday), value)
        self.assertEqual(pickle.loads(pickle.dumps(monday)).number, 1)
        self.assertEqual(EnumValue("A", 2), "A")

    def test_indistinct(self) -> None:
        """keys and items that Python can't hold or tell apart are not lost"""
        one, true, items = Value(int32=1), Value(bool=True), Value(list=List(items=[Value(int32=2)]))
        self.assertEqual(from_value(Value(list=List(kind=List.KIND_SET, items=[one, true]))), [1, True])
        self.assertEqual(from_value(Value(list=List(kind=List.KIND_SET, items=[items]))), [[2]])
        mixed = Value(dictionary={"entries": [{"key": one, "value": one}, {"key": true, "value": true}]})
        entries = from_value(mixed)
        self.assertIsInstance(entries, Entries)
        self.assertEqual(entries, [(1, 1), (True, True)])
        self.assertEqual(to_value(entries), mixed)
        nested = Value(dictionary={"entries": [{"key": items, "value": one}]})
        self.assertEqual(from_value(nested), {(2,): 1})

    def test_objects(self) -> None:
        """P61 an object has properties in any case, type names and text; added properties win"""
        found = from_value(
            Value(
                object=ObjectValue(
                    type_names=["Deserialized.T", "System.Object"],
                    text="shown",
                    adapted=[
                        Property(name="Name", value=Value(string="own")),
                        Property(name="Size", value=Value(int64=7)),
                    ],
                    extended=[Property(name="Name", value=Value(string="added"))],
                )
            )
        )
        self.assertEqual(found.properties, {"Name": "added", "Size": 7})
        self.assertEqual((found["size"], found.SIZE, found.get("none", 0)), (7, 7, 0))
        self.assertEqual(
            (str(found), found.type_names[0], list(found)), ("shown", "Deserialized.T", ["Name", "Size"])
        )
        self.assertIn("name", found)
        self.assertNotIn(1, found)
        self.assertTrue(PSObject())
        self.assertEqual(copy.deepcopy(found), found)
        self.assertEqual(pickle.loads(pickle.dumps(found)), found)
        self.assertEqual(str(PSObject({"a": 1, "b": None})), "@{a=1; b=None}")
        with self.assertRaises(KeyError):
            found["none"]
        with self.assertRaises(AttributeError):
            found.none
        self.assertEqual(from_value(Value(object=ObjectValue(base=Value(int32=5), text="5"))), 5)

    def test_references(self) -> None:
        """P61 what a value says twice is one object, also inside itself"""
        inner = Value(
            object=ObjectValue(reference_id=1, extended=[Property(name="me", value=Value(reference=1))])
        )
        found = from_value(Value(list=List(items=[inner, Value(reference=1)])))
        self.assertIs(found[0], found[1])
        self.assertIs(found[0].me, found[0])
        self.assertIn("...", repr(found[0]))
        self.assertIsNone(from_value(Value(reference=9)))

    def test_unknown(self) -> None:
        """a kind of value that only a newer daemon knows reads as None, and is kept in the message"""
        unknown = Value.FromString(b"\xf2\x3f\x01a")
        self.assertIsNone(from_value(unknown))
        self.assertEqual(to_value(unknown).SerializeToString(), b"\xf2\x3f\x01a")

    def test_deep(self) -> None:
        """P61 values nest beyond the 100 messages that protobuf reads by itself"""
        allow_deep_messages()
        value = Value(int32=1)
        for _ in range(100):
            value = Value(object=ObjectValue(extended=[Property(name="n", value=value)]))
        found = from_value(Value.FromString(value.SerializeToString()))
        for _ in range(100):
            found = found.n
        self.assertEqual(found, 1)


def anything(choose: random.Random, depth: int) -> Any:
    """Any value that comes back equal."""
    scalars = [
        None,
        choose.random() < 0.5,
        choose.getrandbits(choose.randrange(1, 200)) * choose.choice([1, -1]),
        choose.gauss(0, 1e9),
        "".join(
            chr(choose.choice([choose.randrange(0x250), choose.randrange(0xD800, 0xDC00), 0x1F600]))
            for _ in range(5)
        ),
        choose.randbytes(4),
        datetime(2026, 1, 1) + timedelta(microseconds=choose.getrandbits(50)),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=choose.randrange(-600, 600)))),
        timedelta(microseconds=choose.getrandbits(50)),
        uuid.UUID(int=choose.getrandbits(128)),
        Decimal(choose.getrandbits(90)).scaleb(-choose.randrange(20)),
    ]
    if depth == 0 or choose.random() < 0.5:
        return choose.choice(scalars)
    several = [anything(choose, depth - 1) for _ in range(choose.randrange(4))]
    made = [
        several,
        {f"key{index}": each for index, each in enumerate(several)},
        set(choose.sample(range(100), 3)),
        PSObject({f"p{index}": each for index, each in enumerate(several)}, text="some"),
    ]
    return choose.choice(made)
