"""Whatever was raised, for the error stream."""
import traceback

import to_wire

# An error's value is beside its message: a large one is left to its text.
MAXIMUM_VALUE = 256 * 1024
MAXIMUM_TEXT = 64 * 1024
OURS = "engine.py"

# Names of PowerShell's ErrorCategory; OperationStopped for all others.
categories = (
    (SyntaxError, "ParserError"),
    (PermissionError, "PermissionDenied"),
    (FileNotFoundError, "ObjectNotFound"),
    (ImportError, "ObjectNotFound"),
    (TimeoutError, "OperationTimeout"),
    (NotImplementedError, "NotImplemented"),
)


def describe(error, run):
    kind = to_wire.name_of(type(error))
    return {
        "is": "error",
        "run": run,
        "message": message_of(error),
        "type": kind,
        "errorId": kind,
        "category": next((name for known, name in categories if isinstance(error, known)), "OperationStopped"),
        "stack": stack_of(error),
        "value": value_of(error),
    }


def message_of(error):
    if isinstance(error, SyntaxError) and isinstance(error.msg, str):
        return error.msg
    text = to_wire.whole_text_of(error)
    # As Python itself shows one that says nothing.
    return text or to_wire.name_of(type(error))


def value_of(error):
    try:
        return to_wire.convert(error, MAXIMUM_VALUE)
    except Exception:
        return message_of(error)


def stack_of(error):
    """The frames of user code; with the errors that led to this one, where there are some, as Python writes them."""
    try:
        shown = traceback.TracebackException(type(error), error, error.__traceback__)
        hide_ours(shown, set())
        has_others = shown.__cause__ is not None or (shown.__context__ is not None and not shown.__suppress_context__)
        if has_others or getattr(shown, "exceptions", None):
            text = "".join(shown.format()).rstrip("\n")
        else:
            lines = list(shown.stack.format())
            if isinstance(error, SyntaxError):
                lines.extend(list(shown.format_exception_only())[:-1])
            text = "\n".join(line[2:] if line.startswith("  ") else line for line in "".join(lines).rstrip("\n").split("\n"))
    except Exception:
        # User code has put something else in the place of what is used here.
        return ""
    return text if len(text) <= MAXIMUM_TEXT else text[: MAXIMUM_TEXT // 2] + "\n...\n" + text[-MAXIMUM_TEXT // 2 :]


def hide_ours(shown, met):
    if shown is None or id(shown) in met:
        return
    met.add(id(shown))
    if shown.stack is not None:
        shown.stack[:] = [frame for frame in shown.stack if frame.filename != OURS]
    hide_ours(shown.__cause__, met)
    hide_ours(shown.__context__, met)
    for inner in getattr(shown, "exceptions", None) or ():
        hide_ours(inner, met)
