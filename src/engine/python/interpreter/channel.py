"""
The pipes to the runner. What is used here is bound here: user code may put other things in its places. A signal's handler may throw at any step of this code, and a thread may end up anywhere: so what must not be
torn apart is one call of C code. A frame of no more than PIPE_BUF bytes is written as a whole or not at all; what is read
is in the list before anything else happens; a new state is there with one assignment.
"""
import collections
import fcntl
import json.decoder
import json.encoder
import json.scanner
import struct
from os import close, read, write
from select import PIPE_BUF, select
from threading import RLock, get_ident

HEADER = struct.Struct(">BI")
FIRST, LAST, URGENT = 1, 2, 4
# Of one frame's bytes.
MOST = min(PIPE_BUF, 4096) - HEADER.size
PIECE = 64 * 1024
# Out of the way of user code that likes small numbers.
LEAST_DESCRIPTOR = 100


class TooLarge(Exception):
    """A value has more in it than may be sent."""


def new_encoder(encode_text):
    make = json.encoder.c_make_encoder
    if make is None:
        encoder = json.encoder.JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":"))
        return lambda value: encoder.encode(value)
    encode = make(None, None, encode_text, None, ":", ",", False, False, True)
    return lambda value: "".join(encode(value, 0))


encode_plain = new_encoder(json.encoder.encode_basestring)
encode_ascii = new_encoder(json.encoder.encode_basestring_ascii)


def new_decoder():
    if json.scanner.c_make_scanner is None:
        return json.decoder.JSONDecoder().decode
    scan = json.scanner.c_make_scanner(json.decoder.JSONDecoder())
    return lambda text: scan(text, 0)[0]


decode_json = new_decoder()


def encode_json(value):
    """JSON in UTF-8. Lone surrogates have no UTF-8: where there is one, all is escaped."""
    try:
        return encode_plain(value).encode("utf-8")
    except UnicodeEncodeError:
        return encode_ascii(value).encode("ascii")


def take_descriptor(descriptor):
    """Moves a descriptor to where user code won't find it, and keeps it from programs that are started."""
    for least in (LEAST_DESCRIPTOR, descriptor + 1):
        try:
            moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)
        except OSError:
            # So many may not be open.
            continue
        close(descriptor)
        return moved
    raise OSError("too few descriptors may be open")


class Channel:
    """What is said to the engine and heard from it."""

    def __init__(self, commands, messages, settled):
        self._commands = take_descriptor(commands)
        self._messages = take_descriptor(messages)
        self._settled = take_descriptor(settled)
        # Most bytes of JSON in one message.
        self.maximum_length = 1 << 62
        self._main_thread = get_ident()
        self._is_sending = False
        self._reading = RLock()
        # Pieces that came and are not in what follows, bytes of an unfinished frame, parts of an unfinished message, messages.
        self._state = ([], b"", (), collections.deque())

    def send(self, message):
        """Sends a small message, from any thread. Returns whether it was small enough; else nothing is sent."""
        data = encode_json(message)
        if len(data) > MOST:
            return False
        write(self._messages, HEADER.pack(URGENT, len(data)) + data)
        return True

    def send_large(self, message):
        """
        Sends a message of any size in parts. Returns False where that can't be done: in another thread than the main one, and in a
        signal's handler while another is being sent. Throws TooLarge. One that is cut off here is forgotten there.
        """
        data = encode_json(message)
        if len(data) > self.maximum_length:
            raise TooLarge()
        if self._is_sending or get_ident() != self._main_thread:
            return False
        self._is_sending = True
        try:
            for start in range(0, len(data), MOST):
                end = start + MOST
                flags = (FIRST if start == 0 else 0) | (LAST if end >= len(data) else 0)
                part = data[start:end]
                write(self._messages, HEADER.pack(flags, len(part)) + part)
        finally:
            self._is_sending = False
        return True

    def settle(self, run):
        """Tells the runner that a run is over."""
        write(self._settled, struct.pack(">Q", run))

    def close(self):
        """For a process that was forked off: it has nothing to say here."""
        for descriptor in (self._commands, self._messages, self._settled):
            try:
                close(descriptor)
            except OSError:
                pass

    def receive(self, take, is_wanted=None):
        """
        Waits until `take`, which gets the messages that came as a deque, returns something other than None; returns that. Where
        `is_wanted` is given, this is not the main thread, which alone may wait without end: returns None when it says no.
        """
        while True:
            if self._reading.acquire(True, 0.05):
                try:
                    # A handler may have thrown when it was read and not yet taken in.
                    self._take_in()
                    taken = take(self._state[3])
                    if taken is not None:
                        return taken
                    self._read(None if is_wanted is None else 0.05)
                finally:
                    self._reading.release()
            if is_wanted is not None and not is_wanted():
                return None

    def poll(self):
        """Takes in what has come already."""
        with self._reading:
            while self._read(0):
                pass

    def _read(self, patience):
        """Reads a piece. Returns whether there was one within so many seconds."""
        if patience is not None and not select((self._commands,), (), (), patience)[0]:
            return False
        pieces = self._state[0]
        pieces.extend(map(read, (self._commands,), (PIECE,)))
        self._take_in()
        return len(pieces[-1]) > 0

    def _take_in(self):
        pieces, held, parts, messages = self._state
        if not pieces:
            return
        is_at_end = False
        found = []
        for piece in pieces:
            is_at_end = is_at_end or piece == b""
            held = held + piece if held else piece
        start = 0
        while len(held) - start >= HEADER.size:
            kind, length = HEADER.unpack_from(held, start)
            end = start + HEADER.size + length
            if end > len(held):
                break
            data = held[start + HEADER.size : end]
            start = end
            if kind & URGENT:
                found.append(decode_json(data.decode("utf-8")))
                continue
            parts = (data,) if kind & FIRST else parts + (data,)
            if kind & LAST:
                found.append(decode_json(b"".join(parts).decode("utf-8")))
                parts = ()
        if is_at_end:
            found.append({"is": "end"})
        self._state = ([], held[start:], parts, collections.deque([*messages, *found]))
