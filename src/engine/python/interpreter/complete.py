"""
What may stand at the end of a line of input. Looks without running user code: attributes are found as they lie there, in the
dictionaries of objects and classes, and no property, `__getattr__` or `__dir__` is called.
"""
import builtins
import importlib.machinery
import keyword
import os
import re
import sys
import types

PATH = re.compile(r"((?:[^\W\d]\w*)(?:\.[^\W\d]\w*|\[(?:-?\d+|'[^'\\]*'|\"[^\"\\]*\")\])*)\.(\w*)\Z")
LITERAL = re.compile(r"(?:(\"|')|(\])|(\}))\.(\w*)\Z")
NAME = re.compile(r"(?<![\w.])((?:[^\W\d]\w*)?)\Z")
STEP = re.compile(r"\.(\w+)|\[([^\]]*)\]")
IMPORT = re.compile(r"(?:^|[;\n])\s*(?:import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*|from\s+)([\w.]*)\Z")
IMPORT_FROM = re.compile(r"(?:^|[;\n])\s*from\s+([\w.]+)\s+import\s+\(?(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(\w*)\Z")

class_mro = type.__dict__["__mro__"].__get__
class_dict = type.__dict__["__dict__"].__get__
MISSING = object()
ENDINGS = {ending[1:] for ending in importlib.machinery.all_suffixes()}


def completions_of(line, scope):
    """What may stand in the place of the end of the line, and that end."""
    if is_in_text(line):
        return [], ""
    found = IMPORT_FROM.search(line)
    if found:
        module = sys.modules.get(found.group(1))
        names = attribute_names(module) if module is not None else []
        return fitting(found.group(2), [*names, *submodules(found.group(1))]), found.group(2)
    found = IMPORT.search(line)
    if found:
        package, _, start = found.group(1).rpartition(".")
        return fitting(start, submodules(package) if package else top_modules()), start
    found = PATH.search(line)
    if found:
        value = value_of(found.group(1), scope)
        return ([] if value is MISSING else fitting(found.group(2), attribute_names(value))), found.group(2)
    found = LITERAL.search(line)
    if found:
        quote, bracket, _, start = found.groups()
        kind = str if quote else list if bracket else dict
        return fitting(start, attribute_names(kind())), start
    found = NAME.search(line)
    if found is None or line.endswith("."):
        return [], ""
    start = found.group(1)
    names = [*scope, *vars(builtins), *keyword.kwlist, *getattr(keyword, "softkwlist", ())]
    return fitting(start, names), start


def fitting(start, names):
    shown = {name for name in names if isinstance(name, str) and name.isidentifier() and name.startswith(start)}
    if not start.startswith("_"):
        shown = {name for name in shown if not name.startswith("_")}
    return sorted(shown)


def value_of(path, scope):
    """The value of names, attributes and constant indexes; MISSING where code would have to run to tell."""
    first = re.match(r"\w+", path).group()
    value = dict.get(scope, first, MISSING)
    if value is MISSING:
        value = vars(builtins).get(first, MISSING)
    for name, index in STEP.findall(path[len(first) :]):
        if value is MISSING:
            break
        value = attribute_of(value, name) if name else item_of(value, index)
    return value


def item_of(value, index):
    key = index[1:-1] if index[:1] in "'\"" else int(index)
    try:
        if type(value) is dict and type(key) is not bool:
            return dict.get(value, key, MISSING)
        if type(value) in (list, tuple, str, bytes) and type(key) is int:
            return value[key]
    except IndexError:
        pass
    return MISSING


def attribute_of(value, name):
    if isinstance_of(value, types.ModuleType):
        return module_dict(value).get(name, MISSING)
    own = own_dict(value)
    if name in own:
        return own[name]
    if isinstance_of(value, type):
        for one in class_mro(value):
            if name in class_dict(one):
                return plain(class_dict(one)[name], None)
        return MISSING
    for one in class_mro(type(value)):
        if name in class_dict(one):
            return plain(class_dict(one)[name], value)
    return MISSING


def plain(found, owner):
    """What was found in a class, as an attribute; MISSING where that would run code."""
    if isinstance(found, (staticmethod, classmethod)):
        return found.__func__
    if isinstance(found, types.MemberDescriptorType) and owner is not None:
        try:
            return found.__get__(owner)
        except AttributeError:
            return MISSING
    simple = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, type)
    if isinstance_of(found, simple):
        return found
    for one in class_mro(type(found)):
        if "__get__" in class_dict(one):
            return MISSING
    return found


def attribute_names(value):
    if isinstance_of(value, types.ModuleType):
        return list(module_dict(value))
    names = set(own_dict(value))
    classes = class_mro(value) if isinstance_of(value, type) else class_mro(type(value))
    for one in classes:
        names.update(class_dict(one))
    return names


def own_dict(value):
    """The dictionary of an object that has one of the usual kind."""
    if isinstance_of(value, type):
        return {}
    for one in class_mro(type(value)):
        found = class_dict(one).get("__dict__")
        if found is not None:
            return found.__get__(value) if isinstance_of(found, types.GetSetDescriptorType) else {}
    return {}


def module_dict(value):
    return types.ModuleType.__dict__["__dict__"].__get__(value) or {}


def isinstance_of(value, kinds):
    """As `isinstance`, which asks the value what class it says it has."""
    return issubclass(type(value), kinds)


def top_modules():
    known = [name.partition(".")[0] for name in list(sys.modules)]
    return [*known, *modules_in(sys.path), *sys.builtin_module_names, *getattr(sys, "stdlib_module_names", ())]


def submodules(package):
    """Of a package that is imported already: to find another would import it."""
    module = sys.modules.get(package)
    paths = own_dict(module).get("__path__") if module is not None else None
    known = [name[len(package) + 1 :] for name in list(sys.modules) if name.startswith(package + ".")]
    return [*known, *modules_in(list(paths or ()))]


def modules_in(folders):
    found = []
    for folder in folders:
        try:
            entries = os.listdir(folder or os.curdir)
        except (OSError, TypeError, ValueError):
            # It is not there, or it is an archive.
            continue
        for entry in entries:
            name, _, ending = entry.partition(".")
            if ending in ENDINGS or (not ending and os.path.isfile(os.path.join(folder, entry, "__init__.py"))):
                found.append(name)
    return found


def is_in_text(line):
    """Whether the line ends in the middle of a text or a comment."""
    quote = ""
    place = 0
    while place < len(line):
        if quote:
            if line[place] == "\\":
                place += 1
            elif line.startswith(quote, place):
                place += len(quote) - 1
                quote = ""
            elif line[place] == "\n" and len(quote) == 1:
                quote = ""
        elif line[place] == "#":
            end = line.find("\n", place)
            if end < 0:
                return True
            place = end
        elif line[place] in "'\"":
            quote = line[place] * 3 if line.startswith(line[place] * 3, place) else line[place]
            place += len(quote) - 1
        place += 1
    return quote != ""
