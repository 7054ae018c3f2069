"""A value of the engine as Python has it (README.md has the table)."""
import base64
from collections import deque
from types import SimpleNamespace


def convert(wire):
    return Conversion().convert(wire)


class Conversion:
    def __init__(self):
        self._met = {}

    def convert(self, wire):
        if isinstance(wire, list):
            return [self.convert(item) for item in wire]
        if not isinstance(wire, dict):
            return wire
        kind, value = wire["t"], wire.get("v")
        scalar = scalars.get(kind)
        if scalar is not None:
            return scalar(value)
        return getattr(self, "_" + kind)(wire, value)

    def _enum(self, wire, _):
        return wire["s"]

    def _secureString(self, *_):
        raise TypeError("a secure string can not be passed to Python")

    def _list(self, wire, value):
        return self._fill(wire, [], lambda made: made.extend(map(self.convert, value)))

    _enumerable = _stack = _list

    def _queue(self, wire, value):
        return self._fill(wire, deque(), lambda made: made.extend(map(self.convert, value)))

    def _set(self, _, value):
        items = [self.convert(item) for item in value]
        try:
            return set(items)
        except TypeError:
            # Something in it can't be in a set of Python's.
            return items

    def _dictionary(self, wire, value):
        def fill(made):
            for key, item in value:
                made[hashable(self.convert(key))] = self.convert(item)

        return self._fill(wire, {}, fill)

    def _object(self, wire, _):
        """The value that the object wraps; without one, an object with its properties as attributes."""
        names, text = wire.get("n", ()), wire.get("s")
        known = known_types.get(names[0]) if names else None
        if known is not None and text is not None:
            try:
                return known(text)
            except (ArithmeticError, ValueError, TypeError):
                # Another's type of that name.
                pass
        if "b" in wire:
            base = self.convert(wire["b"])
            if "r" in wire:
                self._met[wire["r"]] = base
            return base
        return self._fill(wire, SimpleNamespace(), lambda made: self._set_properties(made, wire))

    def _set_properties(self, made, wire):
        for name, value, *_ in (*wire.get("a", ()), *wire.get("e", ())):
            made.__dict__[name] = self.convert(value)

    def _reference(self, _, value):
        return self._met.get(value)

    def _fill(self, wire, empty, fill):
        """A container can be referred to from within itself: so it is known before it is filled."""
        if "r" in wire:
            self._met[wire["r"]] = empty
        fill(empty)
        return empty


def hashable(key):
    if isinstance(key, (list, deque)):
        return tuple(map(hashable, key))
    if isinstance(key, set):
        return frozenset(key)
    try:
        hash(key)
    except TypeError:
        return repr(key)
    return key


def to_integer(value):
    """Also of more digits than Python reads at once."""
    text = str(value)
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("-")
    number = 0
    for start in range(0, len(digits), 4000):
        piece = digits[start : start + 4000]
        number = number * 10 ** len(piece) + int(piece)
    return sign * number


def to_decimal(text):
    from decimal import Decimal

    return Decimal(text)


def to_fraction(text):
    from fractions import Fraction

    return Fraction(text)


def to_uuid(text):
    from uuid import UUID

    return UUID(text)


def to_datetime(text):
    """Units of 100 ns are cut off: Python has no place for them."""
    from datetime import datetime, timedelta, timezone

    moment, zone = text, None
    if text.endswith("Z"):
        moment, zone = text[:-1], timezone.utc
    elif len(text) > 25 - 6 and text[-6] in "+-" and text[-3] == ":":
        moment = text[:-6]
        offset = timedelta(hours=int(text[-5:-3]), minutes=int(text[-2:]))
        zone = timezone(-offset if text[-6] == "-" else offset)
    whole, _, fraction = moment.partition(".")
    micros = int((fraction + "000000")[:6])
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(microsecond=micros, tzinfo=zone)


def to_timedelta(ticks):
    from datetime import timedelta

    return timedelta(microseconds=int(ticks) // 10)


def to_date(text):
    from datetime import date

    return date.fromisoformat(text)


def to_time(text):
    from datetime import time

    return time.fromisoformat(text)


scalars = {
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32", "uint32"), int),
    **dict.fromkeys(("int64", "uint64", "bigInteger"), to_integer),
    **dict.fromkeys(("single", "double"), float),
    **dict.fromkeys(("uri", "version", "xml", "scriptBlock"), str),
    "char": chr,
    "bytes": base64.b64decode,
    "decimal": to_decimal,
    "dateTime": to_datetime,
    "duration": to_timedelta,
    "guid": to_uuid,
}

# Python's own types that come back as what they were.
known_types = {
    "int": to_integer,
    "complex": complex,
    "datetime.date": to_date,
    "datetime.time": to_time,
    "decimal.Decimal": to_decimal,
    "fractions.Fraction": to_fraction,
}
