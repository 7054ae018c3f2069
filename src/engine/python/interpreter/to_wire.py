"""
A Python value as it travels to the engine (README.md has the table). Of the types that are known by their modules, no value exists
before somebody has imported the module. What can't be read is left out or shown as text.
"""
import base64
import collections
import reprlib
import sys
from array import array
from collections import abc
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType

from channel import TooLarge

# Deeper objects are shown as text.
MAXIMUM_DEPTH = 48
MAXIMUM_TEXT = 64 * 1024
MAXIMUM_TYPE_NAMES = 20
MAXIMUM_DIGITS = 10_000
# A longer range is told by its bounds.
MAXIMUM_RANGE = 100_000
views = (abc.KeysView, abc.ValuesView, abc.ItemsView)
plain_mappings = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter, MappingProxyType, collections.ChainMap)
plain_lists = (list, tuple, array)

short = reprlib.Repr()
short.maxlevel = 2
short.maxstring = short.maxother = 200


def convert(value, maximum_length):
    """Throws TooLarge for a value that would certainly be longer."""
    return Conversion(maximum_length).convert(value, 0)


class Conversion:
    def __init__(self, maximum_length):
        self._maximum_length = maximum_length
        self._length = 0
        # By identity: the object, so that it lives on, and what travels for it.
        self._nodes = {}
        self._references = 0

    def convert(self, value, depth):
        self._count(4)
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            self._count(len(value))
            return value
        if kind is float:
            return {"t": "double", "v": float_to_wire(value)}
        if kind in (bytes, bytearray, memoryview):
            return self._bytes(value)
        return self._object(value, depth)

    def _integer(self, value):
        if -(2**31) <= value < 2**31:
            return int(value)
        if -(2**63) <= value < 2**63:
            return {"t": "int64", "v": str(int(value))}
        self._count(value.bit_length() // 4)
        digits = digits_of(value)
        if len(digits) <= MAXIMUM_DIGITS:
            return {"t": "bigInteger", "v": digits}
        return {"t": "object", "n": ["int", "object"], "s": digits}

    def _bytes(self, value):
        data = value.tobytes() if isinstance(value, memoryview) else bytes(value)
        self._count(len(data) * 4 // 3)
        return {"t": "bytes", "v": base64.b64encode(data).decode("ascii")}

    def _object(self, value, depth):
        known = self._nodes.get(id(value))
        if known is not None:
            node = known[1]
            if "r" not in node:
                self._references += 1
                node["r"] = self._references
            return {"t": "reference", "v": node["r"]}
        known_before = len(self._nodes)
        try:
            scalar = self._scalar(value, depth)
            if scalar is not None:
                return scalar
            return self._container(value, depth)
        except (TooLarge, MemoryError):
            raise
        except Exception:
            # What was met in it is not sent, so nothing may refer to it.
            while len(self._nodes) > known_before:
                self._nodes.popitem()
            return {"t": "object", "n": type_names_of(value), "s": shown(value)}

    def _scalar(self, value, depth):
        """Objects that are one thing, such as a date; None for all others."""
        for module, name, to_wire in module_types:
            known = getattr(sys.modules.get(module), name, None)
            if isinstance(known, type) and isinstance(value, known):
                return to_wire(self, value, depth)
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float):
            return {"t": "double", "v": float_to_wire(float(value))}
        if isinstance(value, str):
            self._count(len(value))
            return str.__str__(value)
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(value)
        if isinstance(value, complex):
            parts = [("real", value.real), ("imag", value.imag)]
            return self._described(value, str(complex(value)), parts, depth)
        if isinstance(value, range):
            if len(value) <= MAXIMUM_RANGE:
                return [self.convert(item, depth + 1) for item in value]
            parts = [("start", value.start), ("stop", value.stop), ("step", value.step)]
            return self._described(value, repr(value), parts, depth)
        if isinstance(value, type):
            return {"t": "object", "n": ["type", "object"], "s": name_of(value)}
        if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType, ModuleType)):
            return {"t": "object", "n": type_names_of(value), "s": shown(value)}
        return self._foreign(value, depth)

    def _foreign(self, value, depth):
        """Numbers, arrays and tables of the numeric libraries, known by how they look."""
        kind = type(value)
        if kind.__module__.split(".")[0] in ("builtins", "__main__"):
            return None
        if hasattr(kind, "tolist") and hasattr(kind, "dtype"):
            plain = value.tolist()
            if type(plain) is not kind:
                return self.convert(plain, depth)
        if hasattr(kind, "to_dict") and hasattr(kind, "columns"):
            return self.convert(value.to_dict("records"), depth)
        return None

    def _container(self, value, depth):
        if depth >= MAXIMUM_DEPTH:
            return shown(value)
        node = {}
        # There is but one empty tuple.
        if not isinstance(value, (tuple, frozenset)) or len(value) > 0:
            self._nodes[id(value)] = (value, node)
        kind = type(value)
        if isinstance(value, tuple) and (hasattr(value, "_fields") or hasattr(kind, "n_sequence_fields")):
            self._describe(node, value, text_of(value), fields_of(value), depth)
        elif self._fill_plain(node, value, depth):
            # Of a class of its own: the plain container is what the object wraps.
            if kind not in plain_kinds and not isinstance(value, plain_views):
                base = {"t": node["t"], "v": node["v"]}
                del node["v"]
                self._describe(node, value, own_text_of(value), attributes_of(value), depth)
                node["b"] = base
        elif isinstance(value, BaseException):
            self._describe(node, value, text_of(value), error_parts(value), depth)
        else:
            parts = attributes_of(value)
            text = own_text_of(value) if parts else shown(value)
            self._describe(node, value, text, parts, depth)
        return node

    def _fill_plain(self, node, value, depth):
        if isinstance(value, abc.Mapping):
            node["t"] = "dictionary"
            node["v"] = entries = []
            for key in list(value):
                item = self.convert(value[key], depth + 1)
                wire_key = self.convert(key, depth + 1)
                if wire_key is None:
                    wire_key = {"t": "object", "n": ["NoneType", "object"], "s": "None"}
                entries.append([wire_key, item])
            return True
        if isinstance(value, abc.Set) and not isinstance(value, plain_views):
            node["t"] = "set"
        elif isinstance(value, collections.deque):
            node["t"] = "queue"
        elif isinstance(value, plain_lists) or isinstance(value, plain_views) or isinstance(value, collections.UserList):
            node["t"] = "list"
        else:
            return False
        node["v"] = items = []
        for item in list(value):
            items.append(self.convert(item, depth + 1))
        return True

    def _described(self, value, text, parts, depth):
        node = {}
        self._describe(node, value, text, parts, depth)
        return node

    def _describe(self, node, value, text, parts, depth):
        node["t"] = "object"
        node["n"] = type_names_of(value)
        if text is not None:
            self._count(len(text))
            node["s"] = text
        extended = []
        for name, item in parts:
            if not isinstance(name, str) or name == "" or isinstance(item, (FunctionType, BuiltinFunctionType, MethodType)):
                continue
            self._count(len(name))
            extended.append([name, self.convert(item, depth + 1)])
        if extended:
            node["e"] = extended

    def _count(self, length):
        self._length += length
        if self._length > self._maximum_length:
            raise TooLarge()

    def enum(self, value, depth):
        number = value.value
        name = enum_text(value)
        if isinstance(number, int) and not isinstance(number, bool) and -(2**63) <= number < 2**63:
            names = [one for one in type_names_of(value) if one != "object"]
            return {"t": "enum", "n": names + ["System.Enum", "System.ValueType", "System.Object"], "s": name, "b": self._integer(int(number))}
        return self._described(value, name, [("name", value.name), ("value", number)], depth)

    def datetime(self, value, depth):
        text = value.strftime("%m-%dT%H:%M:%S")
        text = "%04d-%s" % (value.year, text)
        if value.microsecond:
            text += (".%06d" % value.microsecond).rstrip("0")
        return {"t": "dateTime", "v": text + zone_of(value)}

    def date(self, value, depth):
        text = value.isoformat()
        base = {"t": "dateTime", "v": text + "T00:00:00"}
        return {"t": "object", "n": type_names_of(value), "s": text, "b": base}

    def time(self, value, depth):
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        base = {"t": "duration", "v": str(seconds * 10**7 + value.microsecond * 10)}
        return {"t": "object", "n": type_names_of(value), "s": value.isoformat(), "b": base}

    def timedelta(self, value, depth):
        ticks = (value.days * 86_400 + value.seconds) * 10**7 + value.microseconds * 10
        if -(2**63) <= ticks < 2**63:
            return {"t": "duration", "v": str(ticks)}
        return {"t": "object", "n": type_names_of(value), "s": str(value)}

    def decimal(self, value, depth):
        sign, digits, exponent = value.as_tuple()
        if isinstance(exponent, int) and -28 <= exponent <= 28:
            number = int("".join(map(str, digits)) or "0") * 10 ** max(exponent, 0)
            if number < 2**96:
                text = format(abs(value), "f")
                return {"t": "decimal", "v": "-" + text if sign and number else text}
        return {"t": "object", "n": type_names_of(value), "s": str(value)}

    def fraction(self, value, depth):
        parts = [("numerator", value.numerator), ("denominator", value.denominator)]
        return self._described(value, str(value), parts, depth)

    def uuid(self, value, depth):
        return {"t": "guid", "v": str(value)}

    def path(self, value, depth):
        text = str(value)
        self._count(len(text))
        return {"t": "object", "n": type_names_of(value), "s": text, "b": text}


plain_kinds = plain_mappings + plain_lists + (set, frozenset, collections.deque)
plain_views = (type({}.keys()), type({}.values()), type({}.items())) + views

# An enum before what else it may be, a datetime before the date that it is, too.
module_types = (
    ("enum", "Enum", Conversion.enum),
    ("datetime", "datetime", Conversion.datetime),
    ("datetime", "date", Conversion.date),
    ("datetime", "time", Conversion.time),
    ("datetime", "timedelta", Conversion.timedelta),
    ("decimal", "Decimal", Conversion.decimal),
    ("fractions", "Fraction", Conversion.fraction),
    ("uuid", "UUID", Conversion.uuid),
    ("pathlib", "PurePath", Conversion.path),
)


def float_to_wire(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    # JSON has no negative zero.
    return "-0" if value == 0 and str(value).startswith("-") else value


def digits_of(value):
    """Python writes no more than 4300 digits at once."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    step = 10**4000
    pieces = []
    while value >= step:
        value, piece = divmod(value, step)
        pieces.append("%04000d" % piece)
    return sign + str(value) + "".join(reversed(pieces))


def zone_of(value):
    """An offset with seconds has no place in a dateTime: it is rounded to a minute, as the whole world has had it for long."""
    offset = value.utcoffset()
    if offset is None:
        return ""
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "Z"
    return "%s%02d:%02d" % ("-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60)


def enum_text(value):
    """The member's name, or those of the flags in it."""
    flag = getattr(sys.modules.get("enum"), "Flag", None)
    if flag is not None and isinstance(value, flag):
        number = value.value
        names = [
            member.name
            for member in type(value).__members__.values()
            if isinstance(member.value, int) and member.value and not member.value & (member.value - 1) and number & member.value
        ]
        if len(names) > 1 or value.name is None:
            return ", ".join(names) or str(number)
    return str(value.name)


def name_of(kind):
    """A class's name, with its module where it is not known without."""
    try:
        module, name = kind.__module__, kind.__qualname__
    except AttributeError:
        module, name = None, getattr(kind, "__name__", "object")
    if not isinstance(name, str):
        name = type.__getattribute__(kind, "__name__")
    return name if module in (None, "builtins", "__main__") or not isinstance(module, str) else module + "." + name


def type_names_of(value):
    """Names of its classes, the most derived first."""
    return [name_of(kind) for kind in type(value).__mro__[:MAXIMUM_TYPE_NAMES]]


def attributes_of(value):
    """Public attributes of the object itself: those in its dictionary, and in its slots."""
    found = {}
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = None
    slots = [name for kind in reversed(type(value).__mro__) for name in slots_of(kind)]
    for name in (*slots, *(list(own) if isinstance(own, dict) else ())):
        if isinstance(name, str) and not name.startswith("_") and name not in found:
            try:
                found[name] = own[name] if isinstance(own, dict) and name in own else getattr(value, name)
            except Exception:
                # It has no value, or does not give it.
                pass
    return list(found.items())


def slots_of(kind):
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else slots


def fields_of(value):
    """What a tuple with names has."""
    if hasattr(value, "_fields"):
        return [(name, getattr(value, name)) for name in value._fields]
    # Of the kind that C code makes, such as os.stat_result.
    kind = type(value)
    names = [name for name in vars(kind) if not name.startswith(("_", "n_")) and not callable(getattr(kind, name))]
    return [(name, getattr(value, name)) for name in names]


def error_parts(error):
    parts = {"message": text_of(error), "args": error.args}
    for name in ("errno", "strerror", "filename", "exceptions"):
        if getattr(error, name, None) is not None:
            parts[name] = getattr(error, name)
    if error.__cause__ is not None:
        parts["cause"] = error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        parts["context"] = error.__context__
    notes = getattr(error, "__notes__", None)
    if notes:
        parts["notes"] = notes
    parts.update(attributes_of(error))
    return list(parts.items())


def text_of(value):
    text = whole_text_of(value)
    return text if text is None else text[:MAXIMUM_TEXT]


def whole_text_of(value):
    try:
        return str.__str__(str(value))
    except Exception:
        return None


def own_text_of(value):
    """What the object's own __str__ or __repr__ gives; None: it has neither."""
    kind = type(value)
    builtin = (object, dict, list, tuple, set, frozenset, collections.deque)
    if kind.__str__ in [one.__str__ for one in builtin] and kind.__repr__ in [one.__repr__ for one in builtin]:
        return None
    return text_of(value)


def shown(value):
    """A short text, whatever it is."""
    try:
        if isinstance(value, (dict, list, tuple, set, frozenset, collections.deque, abc.Mapping)):
            return short.repr(value)[:MAXIMUM_TEXT]
        return str.__str__(repr(value))[:MAXIMUM_TEXT]
    except Exception:
        return "<%s that can not be shown>" % name_of(type(value))
