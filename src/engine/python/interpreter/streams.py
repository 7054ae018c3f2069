"""
`sys.stdout`, `sys.stderr` and `sys.stdin`. What is written goes to the engine in the order of writing, whatever is written: the text of
both streams, warnings, values. A line that was begun is held back until it ends, or something else is written.
"""
import codecs
import io
import os
import sys
import warnings
from _thread import get_ident

# Of a line that was begun.
MOST_HELD = 2000
# Of one message, whatever the letters are; and of plain ones.
PIECE, PLAIN_PIECE = 600, 3800


class Writer:
    """Sends what is written, each thread's in its order."""

    def __init__(self, channel, owners):
        self._channel = channel
        self._owners = owners
        # By thread: the descriptor and the text.
        self._held = {}

    def text(self, descriptor, text):
        thread = get_ident()
        held = self._held.pop(thread, None)
        if held is not None:
            if held[0] == descriptor:
                text = held[1] + text
            else:
                self._send_text(*held)
        if len(text) < MOST_HELD and not text.endswith("\n"):
            if text:
                self._held[thread] = (descriptor, text)
        else:
            self._send_text(descriptor, text)

    def message(self, stream, text):
        """A warning and its like."""
        self.flush()
        message = {"is": "message", "run": self._owners.of_thread(), "stream": stream, "text": text}
        if not self._channel.send(message) and not self._channel.send_large(message):
            self._send_text(2, text + "\n")

    def flush(self):
        """Lets go of what this thread has begun."""
        held = self._held.pop(get_ident(), None)
        if held is not None:
            self._send_text(*held)

    def flush_all(self):
        for thread in list(self._held):
            held = self._held.pop(thread, None)
            if held is not None:
                self._send_text(*held)

    def _send_text(self, descriptor, text):
        run = self._owners.of_thread()
        size = PLAIN_PIECE if text.isascii() else PIECE
        for start in range(0, len(text), size):
            piece = text[start : start + size]
            if not self._send_piece(run, descriptor, piece):
                for at in range(0, len(piece), PIECE):
                    self._send_piece(run, descriptor, piece[at : at + PIECE])

    def _send_piece(self, run, descriptor, piece):
        return self._channel.send({"is": "text", "run": run, "descriptor": descriptor, "text": piece})


class TextOutput(io.TextIOBase):
    """As `sys.stdout` is, but for what it does with the text. It can't be closed, as little as the real one for long."""

    encoding = "utf-8"
    errors = "surrogatepass"
    newlines = None
    mode = "w"
    line_buffering = True
    write_through = False

    def __init__(self, writer, descriptor):
        self._writer = writer
        self._descriptor = descriptor
        self.name = "<stdout>" if descriptor == 1 else "<stderr>"
        self.buffer = BytesOutput(writer, descriptor)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        self.buffer.end_letter()
        self._writer.text(self._descriptor, str.__str__(text))
        return len(text)

    def flush(self):
        self._writer.flush()

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def reconfigure(self, **_):
        pass

    def close(self):
        pass

    def __repr__(self):
        return "<engine stream name=%r encoding='utf-8'>" % self.name


class BytesOutput(io.BufferedIOBase):
    """What is below: bytes, which are text in UTF-8 as far as they are."""

    mode = "wb"

    def __init__(self, writer, descriptor):
        self._writer = writer
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._has_part = False
        self.raw = self
        self.name = descriptor

    def write(self, data):
        view = memoryview(data).cast("B") if not isinstance(data, (bytes, bytearray)) else data
        text = self._decoder.decode(bytes(view))
        self._has_part = True
        self._writer.text(self._descriptor, text)
        return len(view)

    def end_letter(self):
        """A letter that was begun ends here."""
        if self._has_part:
            self._has_part = False
            rest = self._decoder.decode(b"", True)
            if rest:
                self._writer.text(self._descriptor, rest)

    def flush(self):
        self._writer.flush()

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False

    def close(self):
        pass


class TextInput(io.TextIOBase):
    """`sys.stdin`: the items of the running command's input, each a line."""

    encoding = "utf-8"
    errors = "strict"
    newlines = None
    mode = "r"
    name = "<stdin>"

    def __init__(self, next_item):
        self._next_item = next_item
        self._rest = ""
        self.buffer = BytesInput(self)

    def readline(self, size=-1):
        if size is None or size < 0:
            line, self._rest = self._rest, ""
            while not line.endswith("\n"):
                more = self._more()
                if more is None:
                    return line
                line += more
            end = line.index("\n") + 1
            self._rest = line[end:]
            return line[:end]
        line = self.readline()
        self._rest = line[size:] + self._rest
        return line[:size]

    def read(self, size=-1):
        text, self._rest = self._rest, ""
        while size is None or size < 0 or len(text) < size:
            more = self._more()
            if more is None:
                break
            text += more
        if size is not None and size >= 0:
            self._rest = text[size:]
            text = text[:size]
        return text

    def _more(self):
        for item in self._next_item():
            text = item if isinstance(item, str) else text_of(item)
            return text if text.endswith("\n") else text + "\n"
        return None

    def forget(self):
        """Another command begins."""
        self._rest = ""
        self.buffer.forget()

    def readable(self):
        return True

    def fileno(self):
        return 0

    def isatty(self):
        return False

    def close(self):
        pass


class BytesInput(io.BufferedIOBase):
    """What is below."""

    name = 0
    mode = "rb"

    def __init__(self, text):
        self._text = text
        self._rest = b""
        self.raw = self

    def read(self, size=-1):
        data, self._rest = self._rest, b""
        while size is None or size < 0 or len(data) < size:
            line = self._text.readline()
            if not line:
                break
            data += line.encode("utf-8", "surrogatepass")
        if size is not None and size >= 0:
            self._rest = data[size:]
            data = data[:size]
        return data

    read1 = read

    def readline(self, size=-1):
        data, self._rest = self._rest, b""
        if b"\n" not in data:
            data += self._text.readline().encode("utf-8", "surrogatepass")
        end = data.find(b"\n") + 1 or len(data)
        if size is not None and 0 <= size < end:
            end = size
        self._rest = data[end:]
        return data[:end]

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def forget(self):
        self._rest = b""

    def readable(self):
        return True

    def fileno(self):
        return 0

    def isatty(self):
        return False

    def close(self):
        pass


def text_of(item):
    if item is None:
        return ""
    if isinstance(item, (bytes, bytearray)):
        return bytes(item).decode("utf-8", "replace")
    return str(item)


class StandardStreams:
    """Puts the streams in their places."""

    def __init__(self, writer, next_item):
        self._writer = writer
        # Kept, since they would close the descriptors.
        self._real = (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__)
        self.stdin = TextInput(next_item)
        self.stdout = TextOutput(writer, 1)
        self.stderr = TextOutput(writer, 2)
        sys.stdin = sys.__stdin__ = self.stdin
        sys.stdout = sys.__stdout__ = self.stdout
        sys.stderr = sys.__stderr__ = self.stderr
        self._show_in_file = warnings.showwarning
        warnings.showwarning = self._show_warning

    def flush(self):
        """The command is over: all that it wrote is sent, also what user code holds in streams of its own."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not self.stdout and stream is not self.stderr:
                try:
                    stream.flush()
                except Exception:
                    # Closed, or no stream at all.
                    pass
        flush_c_streams()
        for stream in (self.stdout, self.stderr):
            stream.buffer.end_letter()
        self._writer.flush_all()

    def become_plain(self):
        """In a process that was forked off: what it writes goes to the descriptors."""
        for name, own, descriptor in (("stdout", self.stdout, 1), ("stderr", self.stderr, 2)):
            try:
                plain = open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
            except OSError:
                # It is closed.
                plain = open(os.devnull, "w")
            for place in (name, "__%s__" % name):
                if getattr(sys, place, None) is own:
                    setattr(sys, place, plain)
            # Also for those who have ours at hand, as log handlers have.
            own._writer = own.buffer._writer = PlainWriter(plain)

    def _show_warning(self, message, category, filename, lineno, file=None, line=None):
        if file is not None or sys.stderr is not self.stderr:
            self._show_in_file(message, category, filename, lineno, file, line)
            return
        text = str(message)
        self._writer.message("warning", text if category is UserWarning else "%s: %s" % (category.__name__, text))


class PlainWriter:
    def __init__(self, file):
        self._file = file

    def text(self, _, text):
        self._file.write(text)

    def flush(self):
        self._file.flush()


def flush_c_streams():
    """Libraries that print by C's own stdout leave it there; they are reached only where somebody uses ctypes anyway."""
    ctypes = sys.modules.get("ctypes")
    if ctypes is None:
        return
    try:
        ctypes.PyDLL(None).fflush(None)
    except Exception:
        # There is no such function, or no such library.
        pass
