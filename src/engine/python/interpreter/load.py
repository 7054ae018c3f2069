"""
Where the interpreter begins: its modules are in MODULES, by their names. They see a copy of the builtins and of `json` that user code
can't change, and can't be seen by it. Nothing is imported from the current directory, where anything may lie about.
"""
import sys

MODULES = globals()["MODULES"]


def load_all():
    builtins = dict(globals()["__builtins__"])
    import_elsewhere = builtins["__import__"]
    loaded = {}

    class Module:
        def __init__(self, namespace):
            self.__dict__ = namespace

    def load(name):
        if name not in loaded:
            namespace = {"__name__": "engine." + name, "__builtins__": builtins}
            loaded[name] = Module(namespace)
            exec(compile(MODULES[name], "engine.py", "exec"), namespace)
        return loaded[name]

    def import_private(name, *rest):
        return load(name) if name in MODULES else import_elsewhere(name, *rest)

    builtins["__import__"] = import_private
    known = set(sys.modules)
    path = sys.path[:]
    sys.path[:] = [folder for folder in path if folder != ""]
    main = load("main")
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if name == "json" or name.startswith("json."):
            del sys.modules[name]
    return main


load_all().run()
