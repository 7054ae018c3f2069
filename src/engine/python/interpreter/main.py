"""
Runs commands, one at a time, on the main thread, where alone a stop can end them. A signal's handler of user code may throw in
any of this code, too: so each step leaves a state from which the next turn goes on, and no command is begun twice.
"""
import atexit
import builtins
import errno
import os
import platform
import sys
from os import _exit, getpid

import complete
import errors
import from_wire
import to_wire
from channel import Channel, TooLarge
from marks import Marks
from owners import Owners
from pipeline_input import PipelineInput
from scripts import Scripts
from stops import Stops
from streams import StandardStreams, Writer

FAILED = 1
# The exit code that tells the runner why; after so many complaints in a row.
PIPES_LOST = 119
MOST_COMPLAINTS = 50


class Run:
    def __init__(self, command):
        self.command = command
        self.number = command["run"]
        self.is_begun = False
        # How it ended, once it has.
        self.outcome = None


class Interpreter:
    def __init__(self):
        self._process = getpid()
        self._channel = Channel(3, 4, 5)
        self._owners = Owners()
        self._marks = Marks()
        self._input = PipelineInput(self._channel, 0, False, lambda: False)
        self._run = None
        self._settled = 0
        self._complaints = 0
        self._streams = StandardStreams(Writer(self._channel, self._owners), self._next_line)
        self._scripts = Scripts(clean_main())
        self._stops = Stops(self._abandon)
        os.register_at_fork(after_in_child=self._become_child)

    def serve(self):
        self._channel.send({"is": "ready", "version": platform.python_version(), "runspaceId": new_guid()})
        self._serve_on()

    def _serve_on(self, depth=4):
        """
        Serves for ever. Where a signal's handler of user code throws between commands, that is a notice; it may also throw while that
        is taken care of, which is why there are some of these around each other.
        """
        problem = None
        while True:
            try:
                if depth > 0:
                    self._serve_on(depth - 1)
                if problem is not None:
                    told, problem = problem, None
                    self._complain(told)
                self._serve_one()
                self._complaints = 0
            except BaseException as error:
                problem = error

    def _serve_one(self):
        run = self._run
        if run is None:
            command = self._channel.receive(self._take_command)
            if command["is"] == "end":
                self._leave()
            if command["is"] == "complete":
                self._complete(command)
                return
            run = self._run = Run(command)
        if run.outcome is None:
            if run.is_begun:
                run.outcome = {"state": "failed", "reason": "the command was interrupted"}
            else:
                run.outcome = self._execute(run)
        self._settle(run)

    def _take_command(self, messages):
        """The next command, which stays until it has run; or the end."""
        while messages:
            message = messages[0]
            kind = message["is"]
            if kind == "open":
                os.environ.update(message["environment"])
                self._channel.maximum_length = message["maximumMessageLength"]
            elif kind == "stop":
                self._stops.request(message["run"])
            elif kind == "end" or (kind == "run" and message["run"] > self._settled):
                return message
            messages.popleft()
            if kind == "complete":
                return message
        return None

    def _complete(self, question):
        try:
            texts, replaced = complete.completions_of(question["line"], self._scripts.namespace)
        except Exception:
            # What lies there is stranger than was thought of: there is nothing to offer.
            texts, replaced = [], ""
        answer = {"is": "completions", "id": question["id"], "texts": texts, "replaced": replaced}
        try:
            if not self._channel.send(answer):
                self._channel.send_large(answer)
        except TooLarge:
            self._channel.send({**answer, "texts": [], "replaced": ""})

    def _execute(self, run):
        command, number = run.command, run.number
        run.is_begun = True
        self._owners.current = number
        self._owners.watch_pools()
        self._stops.begin(number)
        self._channel.poll()
        self._channel.receive(self._look_for_stop)
        if self._stops.is_stopped(number):
            return {"state": "stopped", "never": True}
        outcome = {"state": "completed"}
        try:
            try:
                self._stops.interruptible = number
                value = self._evaluate(command)
                if value is not None and getpid() == self._process and not self._stops.is_stopped(number):
                    self._report({"is": "value", "run": number, "value": to_wire.convert(value, self._channel.maximum_length)})
            finally:
                self._stops.interruptible = 0
        except SystemExit as error:
            outcome["exitCode"] = self._exit_code_of(error)
        except TooLarge:
            self._channel.send({"is": "tooLarge", "run": number})
        except BaseException as error:
            self._stops.interruptible = 0
            if not self._stops.is_stopped(number):
                outcome = self._failed(number, error)
        value = None
        if getpid() != self._process:
            self._end_child(outcome)
        if self._stops.is_stopped(number):
            self._end_tasks(number)
            if "exitCode" not in outcome:
                outcome = {"state": "stopped"}
        return outcome

    def _end_tasks(self, number):
        """How the tasks that a stopped command has begun take their end is of no interest."""
        try:
            try:
                self._stops.interruptible = number
                self._scripts.stopped()
            finally:
                self._stops.interruptible = 0
        except BaseException:
            self._stops.interruptible = 0

    def _evaluate(self, command):
        builtins.args = [from_wire.convert(value) for value in command["positional"]]
        builtins.named = {name: from_wire.convert(value) for name, value in command["named"]}
        number = command["run"]
        self._input = PipelineInput(self._channel, number, command["hasInput"], lambda: self._stops.current == number)
        builtins.pipeline_input = self._input
        self._streams.stdin.forget()
        return self._scripts.evaluate(number, command["script"], command["newScope"])

    def _look_for_stop(self, messages):
        for message in messages:
            if message["is"] == "stop":
                self._stops.request(message["run"])
        return True

    def _report(self, message):
        self._streams.stdout.flush()
        if not self._channel.send(message):
            self._channel.send_large(message)

    def _failed(self, number, error):
        if getpid() != self._process:
            sys.__excepthook__(type(error), error, error.__traceback__)
            return {"state": "failed"}
        try:
            message = errors.describe(error, number)
        except BaseException:
            # It throws also when it is asked what it is.
            message = errors.describe(RuntimeError("an exception that can not be shown"), number)
        try:
            self._report(message)
        except TooLarge:
            self._report({**message, "message": message["message"][:1000], "value": None, "stack": ""})
        return {"state": "failed", "reason": message["message"][:2000]}

    def _exit_code_of(self, error):
        """As Python ends for it: a text is written to stderr, and the code is 1."""
        code = error.code
        if code is None:
            return 0
        if isinstance(code, int):
            return (int(code) + 2**31) % 2**32 - 2**31
        try:
            self._streams.stderr.write(str(code) + "\n")
        except Exception:
            # It has no text.
            pass
        return 1

    def _settle(self, run):
        outcome = run.outcome
        if "marked" not in outcome:
            self._streams.flush()
            outcome["marked"] = [] if outcome.pop("never", False) else self._marks.write(run.command["mark"])
        self._stops.end()
        self._settled = run.number
        self._owners.current = 0
        self._channel.settle(run.number)
        while not self._channel.send({"is": "done", "run": run.number, **outcome}):
            outcome["reason"] = outcome["reason"][: len(outcome["reason"]) // 2]
        self._run = None

    def _abandon(self):
        """The run does not end: it is left lying, below this. Never returns."""
        sys.setrecursionlimit(sys.getrecursionlimit() + depth_of(sys._getframe()))
        self._scripts.abandon()
        self._run.outcome = {"state": "stopped"}
        self._serve_on()

    def _complain(self, error):
        if getpid() != self._process:
            _exit(FAILED)
        if isinstance(error, OSError) and error.errno in (errno.EBADF, errno.EPIPE):
            self._complaints += 1
            if self._complaints > MOST_COMPLAINTS:
                _exit(PIPES_LOST)
        if self._stops.current == 0 and not isinstance(error, (KeyboardInterrupt, SystemExit)):
            try:
                self._report(errors.describe(error, 0))
            except BaseException:
                # Nobody is there to hear it.
                pass

    def _next_line(self):
        return self._input

    def _leave(self):
        """The runner has gone, or wants us to. Code that was left lying is not to see an exception."""
        try:
            atexit._run_exitfuncs()
            self._streams.flush()
        except BaseException:
            # Theirs, and the last.
            pass
        _exit(0)

    def _become_child(self):
        self._channel.close()
        self._stops.end()
        self._streams.become_plain()

    def _end_child(self, outcome):
        """User code in a forked process has come to its end: so does the process."""
        code = outcome.get("exitCode", 0 if outcome["state"] == "completed" else FAILED)
        try:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            # Theirs, and the last.
            pass
        _exit(code & 0xFF)


def clean_main():
    """The namespace of user code, as it is at the start of a program."""
    namespace = sys.modules["__main__"].__dict__
    for name in list(namespace):
        if name not in ("__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtins__", "__annotations__"):
            del namespace[name]
    sys.argv = [""]
    return namespace


def depth_of(frame):
    depth = 0
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def new_guid():
    digits = os.urandom(16).hex()
    return "%s-%s-4%s-a%s-%s" % (digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:])


def run():
    Interpreter().serve()
