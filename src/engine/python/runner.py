"""
The runner: the parent of the interpreter, and all that the engine sees of it.

Frames come on stdin and go to stdout: a kind (one byte), a length (four bytes, big-endian), then that many bytes. The kind is a
lane. What comes in the message lane goes to the interpreter's command pipe, and what comes from the interpreter's message pipe, stdout
and stderr goes to stdout, each in its lane. While stdout is not read, none of them is. Of messages the runner knows one, the stop,
since an interpreter that computes reads none: it is sent a signal, again and again, until it says that the run is over.
When stdin ends, the interpreter is asked to leave, and everything it started is killed.
"""
import collections
import fcntl
import json
import os
import select
import signal
import struct
import sys
import time

# What stands before this text: the interpreter (build-runner.cjs), and the text that reads and runs it (bootstrap.ts).
INTERPRETER = globals()["INTERPRETER"]
BOOTSTRAP = globals()["BOOTSTRAP"]

MESSAGES, NATIVE_STDOUT, NATIVE_STDERR, CONTROL = range(4)
URGENT = 4
HEADER = struct.Struct(">BI")
LONGEST_FRAME = 1024 * 1024
PIECE = 64 * 1024
# Most bytes that wait for stdout.
MOST_WAITING = 256 * 1024
# How long the interpreter may take to leave when it is asked to.
LEAVE_PATIENCE = 1.5
# How long its pipes must be silent, once it is gone, to count as drained: processes it left behind have them open.
SILENCE = 0.2
# How long an interpreter without a message pipe may live: it became another program, or closed the pipe.
MUTE_PATIENCE = 0.5
# How an interpreter leaves whose pipes are closed (main.py).
PIPES_LOST = 119
MUTE = "the interpreter has closed its pipes to the runner, or became another program"
# The time between two signals of a stop. One that comes just before a system call does not interrupt it.
ROUND = 0.025
# The start of a process is known to 10 ms.
AGE_TOLERANCE_MS = 20
# None that user code uses. Where there are no real-time signals, the one that is used least.
STOP_SIGNAL = signal.SIGRTMIN + 9 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR2


class FrameReader:
    """Finds the frames in bytes that come in pieces of any size."""

    def __init__(self):
        self._held = b""

    def receive(self, piece):
        data = self._held + piece if self._held else piece
        start = 0
        while len(data) - start >= HEADER.size:
            kind, length = HEADER.unpack_from(data, start)
            if length > LONGEST_FRAME:
                raise ValueError("a frame of %d bytes is announced" % length)
            end = start + HEADER.size + length
            if end > len(data):
                break
            yield kind, data[start + HEADER.size : end]
            start = end
        self._held = data[start:]


class Backlog:
    """Bytes that wait until a descriptor takes them."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.length = 0
        self._pieces = collections.deque()

    def add(self, data):
        if data:
            self._pieces.append(memoryview(data))
            self.length += len(data)

    def write(self):
        """Writes what is taken at once."""
        while self._pieces:
            try:
                count = os.write(self.descriptor, self._pieces[0])
            except BlockingIOError:
                return
            self.length -= count
            if count == len(self._pieces[0]):
                self._pieces.popleft()
            else:
                self._pieces[0] = self._pieces[0][count:]


class Runner:
    def __init__(self):
        self._output = Backlog(1)
        self._lanes = FrameReader()
        self._parts = FrameReader()
        self._stopping = 0
        self._settled = 0
        self._next_round = 0.0
        self._leave_by = None
        self._left_behind = []
        self._heard = time.monotonic()
        self._has_spoken = False
        self._mute_since = None
        self._exit_status = None
        # Why it has gone, where that is known here.
        self._why = None
        self._is_input_open = True
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        self._child_ended = self._watch_children()
        self._start()

    def _watch_children(self):
        read_end, write_end = os.pipe()
        for descriptor in (read_end, write_end):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        return read_end

    def _start(self):
        command_end, self._commands_descriptor = os.pipe()
        messages, message_end = os.pipe()
        settled, settled_end = os.pipe()
        stdout, stdout_end = os.pipe()
        stderr, stderr_end = os.pipe()
        theirs = (command_end, message_end, settled_end)
        self._process = os.fork()
        if self._process == 0:
            become_interpreter(stdout_end, stderr_end, theirs)
        for descriptor in theirs + (stdout_end, stderr_end):
            os.close(descriptor)
        os.set_blocking(self._commands_descriptor, False)
        self._commands = Backlog(self._commands_descriptor)
        source = INTERPRETER.encode("utf-8")
        self._commands.add(struct.pack(">I", len(source)) + source)
        # What is said about a run's end is read before the message that says so.
        self._settled_descriptor = settled
        self._sources = {messages: MESSAGES, stdout: NATIVE_STDOUT, stderr: NATIVE_STDERR}
        self._messages_descriptor = messages

    def serve(self):
        while True:
            self._turn()

    def _turn(self):
        reading = [self._child_ended]
        if self._is_input_open:
            reading.append(0)
        if self._settled_descriptor is not None:
            reading.append(self._settled_descriptor)
        if self._output.length < MOST_WAITING:
            reading.extend(self._sources)
        writing = [backlog.descriptor for backlog in (self._output, self._commands) if backlog.length > 0]
        readable, writable, _ = select.select(reading, writing, [], self._patience())
        if self._child_ended in readable:
            os.read(self._child_ended, PIECE)
        if self._settled_descriptor in readable:
            self._read_settled()
        for descriptor in list(self._sources):
            if descriptor in readable:
                self._read_source(descriptor)
        if 0 in readable:
            self._read_input()
        if writable or readable:
            self._write()
        self._keep_time()

    def _patience(self):
        if self._stopping > self._settled:
            return ROUND
        if self._leave_by is not None or self._exit_status is not None or self._mute_since is not None:
            return 0.02
        return None

    def _read_settled(self):
        data = os.read(self._settled_descriptor, PIECE)
        if data:
            self._settled = max(self._settled, struct.unpack(">Q", data[-8:])[0])
        else:
            os.close(self._settled_descriptor)
            self._settled_descriptor = None

    def _read_source(self, descriptor):
        data = os.read(descriptor, PIECE)
        self._heard = time.monotonic()
        kind = self._sources[descriptor]
        if not data:
            os.close(descriptor)
            del self._sources[descriptor]
            if kind == MESSAGES:
                self._mute_since = self._heard
            return
        if kind == MESSAGES:
            self._has_spoken = True
        elif kind == NATIVE_STDERR and not self._has_spoken:
            # What an interpreter that does not start complains of.
            os.write(2, data)
        self._send(kind, data)

    def _send(self, kind, data):
        self._output.add(HEADER.pack(kind, len(data)))
        self._output.add(data)

    def _read_input(self):
        try:
            data = os.read(0, PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._is_input_open = False
            self._leave()
            return
        for kind, frame in self._lanes.receive(data):
            if kind == MESSAGES:
                self._forward(frame)
            elif kind == CONTROL:
                self._control(json.loads(frame.decode("utf-8")))

    def _forward(self, data):
        self._commands.add(data)
        for kind, part in self._parts.receive(data):
            if kind & URGENT:
                message = json.loads(part.decode("utf-8"))
                if message["is"] == "stop":
                    self._stop(message["run"])

    def _stop(self, run):
        self._stopping = max(self._stopping, run)
        self._next_round = 0.0

    def _control(self, message):
        if message["is"] != "signalChildren" or self._exit_status is not None:
            return
        number = getattr(signal, message["signal"])
        for process, age in descendants_of(self._process):
            if age <= message["ageMs"] + AGE_TOLERANCE_MS:
                kill(process, number)

    def _write(self):
        try:
            self._output.write()
        except OSError:
            # The engine has gone.
            self._output = Backlog(os.open(os.devnull, os.O_WRONLY))
            self._leave()
        try:
            self._commands.write()
        except OSError:
            # The interpreter has gone: its exit tells.
            self._commands = Backlog(self._commands_descriptor)

    def _keep_time(self):
        now = time.monotonic()
        if self._exit_status is None:
            self._look_after(now)
        if self._leave_by is not None:
            if self._exit_status is not None or now > self._leave_by:
                self._end()
        elif self._exit_status is not None:
            is_silent = self._output.length == 0 and now - self._heard > SILENCE
            if not self._sources or is_silent:
                self._tell_exit()

    def _look_after(self, now):
        process, status = os.waitpid(self._process, os.WNOHANG)
        if process != 0:
            self._exit_status = status
            self._heard = now
            if os.WIFEXITED(status) and os.WEXITSTATUS(status) == PIPES_LOST:
                self._why = MUTE
        elif self._stopping > self._settled and now >= self._next_round:
            self._next_round = now + ROUND
            kill(self._process, STOP_SIGNAL)
        elif self._mute_since is not None and now - self._mute_since > MUTE_PATIENCE:
            self._why = MUTE
            self._mute_since = None
            kill(self._process, signal.SIGKILL)

    def _tell_exit(self):
        """The interpreter has gone by itself: tells it after everything that it wrote."""
        status = self._exit_status
        told = {"is": "exited"}
        if self._why is not None:
            told["why"] = self._why
        if os.WIFSIGNALED(status):
            told["signal"] = name_of(os.WTERMSIG(status))
        else:
            told["code"] = os.WEXITSTATUS(status)
        self._send(CONTROL, json.dumps(told).encode("ascii"))
        os.set_blocking(1, True)
        try:
            self._output.write()
        except OSError:
            pass
        os._exit(0)

    def _leave(self):
        """The engine has gone, or wants the interpreter to."""
        if self._leave_by is not None:
            return
        self._leave_by = time.monotonic() + LEAVE_PATIENCE
        self._left_behind = descendants_of(os.getpid())
        os.close(self._commands_descriptor)
        self._commands = Backlog(-1)
        # Whatever runs.
        self._stop(sys.maxsize)

    def _end(self):
        for process, _ in self._left_behind + descendants_of(os.getpid()):
            kill(process, signal.SIGKILL)
        os._exit(0)


def become_interpreter(stdout, stderr, pipes):
    """In the child: never returns."""
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        # Out of the way of what is to have these numbers.
        numbers = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 20) for one in (null, stdout, stderr) + pipes]
        for number, descriptor in enumerate(numbers):
            os.dup2(descriptor, number)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execv(sys.executable, [sys.executable, "-c", BOOTSTRAP])
    except BaseException as error:
        os.write(2, ("cannot start %s: %s\n" % (sys.executable, error)).encode("utf-8", "replace"))
    finally:
        os._exit(127)


def kill(process, number):
    try:
        os.kill(process, number)
    except OSError:
        # It ended in the meantime, or became another user's.
        pass


def name_of(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def descendants_of(ancestor):
    """All that were started, at whatever remove, by a process and are alive now: their numbers and ages in milliseconds."""
    children = {}
    try:
        listed = list_processes()
    except (OSError, ValueError):
        # There is no /proc here, and no ps.
        listed = ()
    for process, parent, age in listed:
        children.setdefault(parent, []).append((process, age))
    found = []
    parents = [ancestor]
    while parents:
        for child in children.get(parents.pop(), ()):
            found.append(child)
            parents.append(child[0])
    return found


def list_processes():
    return list_from_proc() if sys.platform.startswith("linux") else list_from_ps()


def list_from_proc():
    with open("/proc/uptime") as file:
        uptime = float(file.read().split()[0])
    listed = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                stat = file.read()
        except OSError:
            # It ended in the meantime.
            continue
        # The second field, the program's name in brackets, may hold anything.
        fields = stat[stat.rindex(b")") + 2 :].split()
        # Linux counts process times in units of 1/100 s for user space, whatever the kernel uses.
        listed.append((int(name), int(fields[1]), (uptime - int(fields[19]) / 100) * 1000))
    return listed


def list_from_ps():
    with os.popen("ps -A -o pid= -o ppid=") as pipe:
        return [(int(process), int(parent), 0) for process, parent in (line.split() for line in pipe)]


signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
Runner().serve()
