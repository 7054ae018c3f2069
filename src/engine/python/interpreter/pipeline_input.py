"""`pipeline_input`: an iterator over the running command's input, which is asked for as it is wanted."""
from collections import deque
from threading import get_ident, main_thread

import from_wire

# Items that are asked for before they are wanted.
READ_AHEAD = 16


class PipelineInput:
    """The pipeline input of the command. It can be gone through once, at the command's pace."""

    def __init__(self, channel, run, has_input, is_current):
        self._channel = channel
        self._run = run
        self._is_current = is_current
        self._items = deque()
        self._asked = 0
        self._received = 0
        self._is_at_end = not has_input
        self._error = None

    def __iter__(self):
        return self

    def __next__(self):
        is_wanted = None if get_ident() == main_thread().ident else self._is_current
        while not self._items and not self._is_at_end:
            self._ask()
            if self._channel.receive(self._take, is_wanted) is None:
                break
        try:
            wire = self._items.popleft()
        except IndexError:
            error, self._error = self._error, None
            if error is not None:
                raise RuntimeError("the input broke: " + error) from None
            raise StopIteration from None
        self._ask()
        return from_wire.convert(wire)

    def __repr__(self):
        return "<pipeline input of command %d>" % self._run

    def _ask(self):
        while not self._is_at_end and self._asked - self._received + len(self._items) < READ_AHEAD:
            self._asked += 1
            self._channel.send({"is": "pull", "run": self._run})

    def _take(self, messages):
        """Of what has come: returns whether the command has something to go on with."""
        while messages:
            message = messages[0]
            if message["is"] not in ("input", "inputEnd"):
                if message["is"] == "end":
                    self._is_at_end = True
                    return True
                if message["is"] == "run" and message["run"] > self._run:
                    # For the main thread: this command is over.
                    self._is_at_end = True
                    return True
                messages.popleft()
                continue
            if message.get("run") == self._run:
                if message["is"] == "input":
                    self._received += 1
                    self._items.append(message["value"])
                else:
                    self._is_at_end = True
                    self._error = message.get("error")
            messages.popleft()
        return True if self._items or self._is_at_end else None
