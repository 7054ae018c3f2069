"""Python's values and the API's typed ones."""

from __future__ import annotations

import dataclasses
import enum
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from numbers import Integral
from reprlib import recursive_repr
from typing import Any

from .error import RunspaceError, invalid_argument
from .gen.runspace.v1.value_pb2 import DateTime, Dictionary, List, ObjectValue, Value

__all__ = [
    "Char",
    "Entries",
    "EnumValue",
    "PSObject",
    "ScriptBlock",
    "SecureString",
    "Uri",
    "Version",
    "Xml",
    "from_value",
    "to_value",
]


class Char(str):
    """One UTF-16 code unit: .NET's char."""


class Uri(str):
    """A URI as it was written."""


class Version(str):
    """A version of two to four numbers, such as ``7.6.9``."""


class Xml(str):
    """The text of an XML document."""


class ScriptBlock(str):
    """The text of a PowerShell script block."""


class EnumValue(str):
    """A member of a .NET enumeration: its name, the number behind it, and the names of its types."""

    number: int
    type_names: tuple[str, ...]

    def __new__(cls, text: str, number: int, type_names: Iterable[str] = ()) -> EnumValue:
        self = super().__new__(cls, text)
        self.number = number
        self.type_names = tuple(type_names)
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (str(self), self.number, self.type_names)


class Entries(list[tuple[Any, Any]]):
    """The entries of a dictionary whose keys a Python dict can't hold or tell apart, such as lists, or 1 and True."""


class SecureString:
    """A secret. ``SecureString('text')`` sends one; one that was received is opaque, and only names it.

    Its clear text is in no repr; ``client.pipelines.reveal_secret`` asks the daemon for that of a received one.
    """

    __slots__ = ("_text", "secret_id")

    def __init__(self, text: str = "", *, secret_id: str = "") -> None:
        self._text = text
        #: Names the secret within its session; empty for one that is made here.
        self.secret_id = secret_id

    def __repr__(self) -> str:
        return f"SecureString(secret_id={self.secret_id!r})" if self.secret_id else "SecureString(...)"


class PSObject:
    """An object with properties, as an engine sent it, or to be sent as PowerShell's PSCustomObject.

    Properties are reached by name, in any case, as ``object['Name']`` or ``object.Name``.
    """

    #: Its properties by name; those added to it win over those of its type.
    properties: dict[str, Any]
    #: Names of its type and base types, most derived first.
    type_names: tuple[str, ...]
    #: What its ToString() gave; None where that was not sent.
    text: str | None

    def __init__(
        self,
        properties: Mapping[str, Any] | None = None,
        *,
        type_names: Iterable[str] = ("System.Management.Automation.PSCustomObject", "System.Object"),
        text: str | None = None,
    ) -> None:
        self.properties = dict(properties or {})
        self.type_names = tuple(type_names)
        self.text = text

    def __getitem__(self, name: str) -> Any:
        if name in self.properties:
            return self.properties[name]
        wanted = name.casefold()
        for key, value in self.properties.items():
            if key.casefold() == wanted:
                return value
        raise KeyError(name)

    def __getattr__(self, name: str) -> Any:
        if name == "properties" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)  # Of a copy that is being made.
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the object has no property {name!r}") from None

    def get(self, name: str, default: Any = None) -> Any:
        """The property, or the default where there is none of that name."""
        return self[name] if name in self else default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.casefold() in (key.casefold() for key in self.properties)

    def __iter__(self) -> Iterator[str]:
        return iter(self.properties)

    def __len__(self) -> int:
        return len(self.properties)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.properties]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PSObject):
            return NotImplemented
        return (self.properties, self.type_names, self.text) == (
            other.properties,
            other.type_names,
            other.text,
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        if self.text is not None:
            return self.text
        return "@{" + "; ".join(f"{name}={value}" for name, value in self.properties.items()) + "}"

    @recursive_repr()
    def __repr__(self) -> str:
        kind = self.type_names[0] if self.type_names else ""
        return f"PSObject({self.properties!r}, type={kind!r})"


# Python to the API.


def to_value(thing: object) -> Value:
    """The value that a Python one stands for.

    Integers become int32, int64, uint64 or a big integer, the first that holds them; floats double, Decimals decimal,
    aware datetimes UTC or local dates, naive ones clock readings, timedeltas time spans, UUIDs GUIDs; lists, tuples and
    other sequences lists, sets sets, mappings dictionaries (a PowerShell hashtable), dataclasses objects with their
    fields as properties. A ``Value`` itself is taken as it is. Raises INVALID_ARGUMENT for anything else, and for what
    contains itself.
    """
    value = Value()
    try:
        _fill(value, thing, ())
    except RecursionError:
        raise invalid_argument("a value nested that deep can't be sent") from None
    return value


def _fill(value: Value, thing: object, around: tuple[int, ...]) -> None:
    if thing is None:
        value.null.SetInParent()
    elif isinstance(thing, Value):
        value.CopyFrom(thing)
    elif isinstance(thing, bool):
        value.bool = thing
    elif isinstance(thing, str) and not isinstance(thing, enum.Enum):
        _fill_text(value, thing)
    elif isinstance(thing, enum.Enum):
        _fill(value, thing.value, around)
    elif isinstance(thing, Integral):
        _fill_integer(value, int(thing))
    elif isinstance(thing, float):
        value.double = thing
    elif not _fill_scalar(value, thing):
        _fill_container(value, thing, around)


def _fill_integer(value: Value, number: int) -> None:
    if -(2**31) <= number < 2**31:
        value.int32 = number
    elif -(2**63) <= number < 2**63:
        value.int64 = number
    elif 0 <= number < 2**64:
        value.uint64 = number
    else:
        value.big_integer = _digits(number)


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError as error:  # Python's own limit of digits.
        raise invalid_argument(f"the integer can't be sent: {error}") from None


def _fill_text(value: Value, text: str) -> None:
    if isinstance(text, EnumValue):
        value.enum.type_names.extend(text.type_names)
        value.enum.text = str.__str__(text)
        _fill_integer(value.enum.value, text.number)
    elif isinstance(text, Char):
        units = _utf16(text)
        if len(units) != 2:
            raise invalid_argument(f"{str(text)!r} is no Char: that is one UTF-16 code unit")
        value.char = int.from_bytes(units, "little")
    elif isinstance(text, Uri):
        value.uri = text
    elif isinstance(text, Version):
        value.version = text
    elif isinstance(text, Xml):
        value.xml = text
    elif isinstance(text, ScriptBlock):
        value.script_block = text
    elif _is_well_formed(text):
        value.string = text
    else:
        _fill_surrogates(value, text)


def _is_well_formed(text: str) -> bool:
    return text.isascii() or re.search("[\ud800-\udfff]", text) is None


def _fill_surrogates(value: Value, text: str) -> None:
    """Surrogates that Python holds one by one may be pairs; only lone ones need UTF-16."""
    units = _utf16(text)
    try:
        value.string = units.decode("utf-16-le")
    except UnicodeDecodeError:
        value.string_utf16 = units


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _fill_scalar(value: Value, thing: object) -> bool:
    """Whether it is one of the values that hold no others."""
    if isinstance(thing, (bytes, bytearray, memoryview)):
        value.bytes = bytes(thing)
    elif isinstance(thing, datetime):
        _fill_date(value.date_time, thing)
    elif isinstance(thing, date):
        _fill_date(value.date_time, datetime(thing.year, thing.month, thing.day))
    elif isinstance(thing, timedelta):
        _fill_duration(value, thing)
    elif isinstance(thing, uuid.UUID):
        value.guid = str(thing)
    elif isinstance(thing, Decimal):
        if not thing.is_finite():
            raise invalid_argument(f"the decimal {thing} can't be sent: it is not finite")
        value.decimal = format(thing, "f")
    elif isinstance(thing, SecureString):
        value.secure_string.secret_id = thing.secret_id
        if not thing.secret_id:
            value.secure_string.text_utf16 = _utf16(thing._text)
    elif isinstance(thing, os.PathLike):
        _fill_text(value, os.fsdecode(thing))
    else:
        return False
    return True


def _fill_date(message: DateTime, moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None:
        message.kind = DateTime.KIND_CLOCK
        message.text = moment.replace(tzinfo=None).isoformat()
        return
    if offset and not offset % timedelta(minutes=1) and abs(offset) <= timedelta(hours=14):
        message.kind = DateTime.KIND_LOCAL
        message.text = moment.replace(tzinfo=timezone(offset)).isoformat()
        return
    try:
        clock = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise invalid_argument(f"the date {moment} is outside the years 1 to 9999 of UTC") from None
    message.kind = DateTime.KIND_UTC
    message.text = f"{clock.isoformat()}Z"


def _fill_duration(value: Value, span: timedelta) -> None:
    ticks = (span // timedelta(microseconds=1)) * 10
    if not -(2**63) <= ticks < 2**63:
        raise invalid_argument(f"the time span {span} is longer than 29,000 years")
    value.duration_ticks = ticks


def _fill_container(value: Value, thing: object, around: tuple[int, ...]) -> None:
    if id(thing) in around:
        raise invalid_argument("a value that contains itself can't be sent")
    inside = (*around, id(thing))
    if isinstance(thing, PSObject):
        _fill_object(value.object, thing, inside)
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {each.name: getattr(thing, each.name) for each in dataclasses.fields(thing)}
        _fill_object(value.object, PSObject(fields), inside)
    elif isinstance(thing, (Mapping, Entries)):
        value.dictionary.SetInParent()
        for key, each in thing.items() if isinstance(thing, Mapping) else thing:
            entry = value.dictionary.entries.add()
            _fill(entry.key, key, inside)
            _fill(entry.value, each, inside)
    elif isinstance(thing, Set):
        value.list.kind = List.KIND_SET
        _fill_items(value.list, thing, inside)
    elif isinstance(thing, Sequence):
        value.list.kind = List.KIND_LIST
        _fill_items(value.list, thing, inside)
    else:
        name = type(thing).__qualname__
        raise invalid_argument(f"a {name} can't be sent as a value: send a dict, a list, a dataclass or text")


def _fill_items(target: List, items: Iterable[object], inside: tuple[int, ...]) -> None:
    for item in items:
        _fill(target.items.add(), item, inside)


def _fill_object(target: ObjectValue, thing: PSObject, inside: tuple[int, ...]) -> None:
    target.type_names.extend(thing.type_names)
    if thing.text is not None:
        target.text = thing.text
    for name, each in thing.properties.items():
        added = target.extended.add()
        added.name = str(name)
        _fill(added.value, each, inside)


# The API to Python.


def from_value(value: Value | None) -> Any:
    """The natural Python value.

    int, float, bool, None, str, bytes and Decimal as one would expect; datetime for dates (to the microsecond; aware
    unless the date is a bare clock reading), timedelta for time spans, UUID for GUIDs; ``Char``, ``Uri``, ``Version``,
    ``Xml``, ``ScriptBlock`` and ``EnumValue`` are text that remembers what it is. Arrays, stacks and queues are lists,
    sets sets where Python can tell their items apart (else lists), dictionaries dicts (else ``Entries``). An object
    becomes a ``PSObject``, one that only wraps a value becomes that value. A secure string stays opaque. What the value
    says twice becomes one object.

    What this leaves out (widths, kinds, 100 ns, what wrapped values were decorated with) is in the ``Value`` itself.
    """
    return None if value is None else _natural(value, {})


_Known = dict[int, Any]

_TEXTS = {"uri": Uri, "version": Version, "xml": Xml, "script_block": ScriptBlock}
_AS_THEY_ARE = frozenset(
    ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "single", "double"]
    + ["string", "bytes"]
)


def _natural(value: Value, known: _Known) -> Any:
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null":
        return None
    content: Any = getattr(value, kind)
    if kind in _AS_THEY_ARE:
        return content
    if kind in _TEXTS:
        return _TEXTS[kind](content)
    if kind == "list":
        return _natural_list(content, known)
    if kind == "dictionary":
        return _natural_dictionary(content, known)
    if kind == "object":
        return _natural_object(content, known)
    if kind == "reference":
        return known.get(content)
    return _natural_scalar(kind, content)


def _natural_scalar(kind: str, content: Any) -> Any:
    if kind == "big_integer":
        return _integer(content)
    if kind == "string_utf16":
        return content.decode("utf-16-le", "surrogatepass")
    if kind == "char":
        return Char(chr(content))
    if kind == "decimal":
        return Decimal(content)
    if kind == "guid":
        return uuid.UUID(content)
    if kind == "duration_ticks":
        return _span(content)
    if kind == "date_time":
        return _moment(content.text)
    if kind == "enum":
        return EnumValue(content.text, _natural(content.value, {}) or 0, content.type_names)
    if kind == "secure_string":
        return SecureString(secret_id=content.secret_id)
    return None  # Of a kind that only a newer daemon knows.


def _integer(digits: str) -> int:
    """Also beyond the digits that Python reads by itself."""
    sign, size = (-1, digits[1:]) if digits.startswith("-") else (1, digits)
    result = 0
    for start in range(0, len(size), 4000):
        piece = size[start : start + 4000]
        result = result * 10 ** len(piece) + int(piece)
    return sign * result


def _span(ticks: int) -> timedelta:
    sign = -1 if ticks < 0 else 1
    return sign * timedelta(microseconds=abs(ticks) // 10)


_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))?", re.ASCII
)


def _moment(text: str) -> datetime | str:
    """The date; its own text where Python has no such date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    micros = int((match[7] or "0").ljust(6, "0")[:6])
    zone = timezone.utc if match[8] else None
    if match[9]:
        offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
        zone = timezone(-offset if match[9] == "-" else offset)
    try:
        return datetime(year, month, day, hour, minute, second, micros, zone)
    except ValueError:
        return text


def _remember(known: _Known, reference_id: int, made: Any) -> Any:
    if reference_id:
        known[reference_id] = made
    return made


def _natural_list(message: List, known: _Known) -> Any:
    items: list[Any] = _remember(known, message.reference_id, [])
    for item in message.items:
        items.append(_natural(item, known))
    if message.kind != List.KIND_SET:
        return items
    frozen = _distinct(items)
    return items if frozen is None else _remember(known, message.reference_id, set(frozen))


def _distinct(items: Sequence[Any]) -> Set[Any] | None:
    """The items as a set; None where Python can't hash them, or holds two of them for one (1 and True)."""
    try:
        found = frozenset(items)
    except TypeError:
        return None
    return found if len(found) == len(items) else None


def _natural_dictionary(message: Dictionary, known: _Known) -> Any:
    made: dict[Any, Any] = _remember(known, message.reference_id, {})
    entries = Entries()
    for entry in message.entries:
        entries.append((_frozen(_natural(entry.key, known)), _natural(entry.value, known)))
    if _distinct([key for key, _ in entries]) is None:
        return _remember(known, message.reference_id, entries)
    made.update(entries)
    return made


def _frozen(key: Any) -> Any:
    """A list as a key is a tuple, a set a frozenset."""
    if type(key) is list:
        return tuple(_frozen(item) for item in key)
    return frozenset(key) if type(key) is set else key


def _natural_object(message: ObjectValue, known: _Known) -> Any:
    if message.HasField("base"):
        return _remember(known, message.reference_id, _natural(message.base, known))
    made = PSObject(type_names=message.type_names, text=message.text if message.HasField("text") else None)
    _remember(known, message.reference_id, made)
    for each in (*message.adapted, *message.extended):
        made.properties[each.name] = _natural(each.value, known)
    return made


def reveal(text_utf16: bytes) -> str:
    """The clear text of a secret."""
    return text_utf16.decode("utf-16-le", "surrogatepass")


def named_values(things: Mapping[str, object], what: str) -> Iterator[tuple[str, Value]]:
    """Values by name; an error says which one it was."""
    for name, thing in things.items():
        try:
            yield name, to_value(thing)
        except RunspaceError as error:
            raise invalid_argument(f"{what} {name!r}: {error.message}") from None
