"""Runs the tests and writes one line of JSON for each: `run.py [--list] [PATTERN]`.

By hand: `/usr/bin/python3 clients/python/tests/run.py`, after `make build`. `--list` runs nothing.
"""

from __future__ import annotations

import json
import sys
import traceback
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]


class JsonResult(unittest.TestResult):
    """Tells each test's outcome as soon as it is known."""

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._problems: list[str] = []

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        write({"id": test.id(), "problem": "\n".join(self._problems)})

    def addError(self, test: unittest.TestCase, error: Any) -> None:
        super().addError(test, error)
        self._note(test, error)

    def addFailure(self, test: unittest.TestCase, error: Any) -> None:
        super().addFailure(test, error)
        self._note(test, error)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, error: Any) -> None:
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._problems.append(f"{subtest.id()}\n{_text(error)}")

    def _note(self, test: unittest.TestCase, error: Any) -> None:
        """A set-up that fails has no test: it fails all that follow, and is told under its own name."""
        if isinstance(test, unittest.TestCase) and hasattr(self, "_problems"):
            self._problems.append(_text(error))
        else:
            write({"id": test.id(), "problem": _text(error)})


def _text(error: Any) -> str:
    return "".join(traceback.format_exception(*error))


def write(line: dict[str, object]) -> None:
    """One line of JSON."""
    print(json.dumps(line), flush=True)


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The tests of a suite."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from flat(each)
        else:
            yield each


def main(arguments: list[str]) -> int:
    """Lists or runs."""
    loader = unittest.TestLoader()
    patterns = [argument for argument in arguments if not argument.startswith("-")]
    if patterns:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns]
    suite = loader.discover(str(HERE), top_level_dir=str(HERE))
    if "--list" in arguments:
        for test in flat(suite):
            needs = getattr(test, "needs", ())
            write({"id": test.id(), "title": test.shortDescription() or test.id(), "needs": list(needs)})
        return 0
    return 0 if suite.run(JsonResult()).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
