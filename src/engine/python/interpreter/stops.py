"""
Stops. The runner sends a signal every few milliseconds until the run is over. What becomes of one is decided here, on top of the
frames that run, in steps: KeyboardInterrupt, as Ctrl-C would; the same again for code that caught it, after a while for cleaning
up; then once more with each next line, so that neither `except` nor `finally` keeps it. Code that goes on after all that is left
lying where it is: the next commands run on top of it, and it never goes on.
"""
import signal
import sys
from time import monotonic

# Seconds since the stop: code with a handler of its own for Ctrl-C has this long to end by itself.
GRACE = 0.35
# Seconds between one KeyboardInterrupt and the next.
PAUSE = 0.2
# After so many it is thrown again by the lines that catch it.
POLITE = 2
# Seconds after which code that still runs is left lying, and how often that may be.
MOST_PATIENCE = 0.85
MOST_ABANDONED = 20
OURS = "engine.py"


class Stops:
    def __init__(self, abandon):
        self._abandon = abandon
        # The run that may be ended now; 0: nothing may be thrown.
        self.interruptible = 0
        # The run that is not over yet; 0: there is none.
        self.current = 0
        # The run that was asked to stop last.
        self.requested = 0
        self._since = 0.0
        self._last = 0.0
        self._thrown = 0
        self._abandoned = 0
        self._signal = signal.SIGRTMIN + 9 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR2
        self._keep_signal()

    def _keep_signal(self):
        set_handler = signal.signal
        set_handler(self._signal, self._handle)
        # Also where the shell that started all this has it ignored.
        set_handler(signal.SIGINT, signal.default_int_handler)

        def set_other_handler(signalnum, handler):
            if signalnum == self._signal:
                return signal.getsignal(signalnum)
            return set_handler(signalnum, handler)

        set_other_handler.__doc__ = set_handler.__doc__
        signal.signal = set_other_handler

    def begin(self, run):
        self._since = self._last = 0.0
        self._thrown = 0
        self.current = run

    def request(self, run):
        """A stop that was heard of before the run began."""
        self.requested = max(self.requested, run)

    def end(self):
        """The run is over."""
        self.interruptible = self.current = 0
        if sys.gettrace() is throw_again:
            sys.settrace(None)

    def is_stopped(self, run):
        return self.requested == run

    def _handle(self, _, frame):
        run = self.current
        if run == 0:
            return
        now = monotonic()
        if self.requested != run:
            self.requested = run
            self._since, self._last, self._thrown = now, 0.0, 0
        elif self._since == 0.0:
            self._since = now
        if self.interruptible != run:
            return
        elapsed = now - self._since
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler is not signal.default_int_handler and elapsed < GRACE:
            if self._last == 0.0:
                self._last = now
                handler(signal.SIGINT, frame)
            return
        if elapsed > MOST_PATIENCE and self._thrown > POLITE and self._abandoned < MOST_ABANDONED:
            self._abandoned += 1
            sys.settrace(None)
            self._abandon()
        if now - self._last < PAUSE:
            return
        self._last = now
        self._thrown += 1
        if self._thrown > POLITE:
            throw_from(frame)
        raise KeyboardInterrupt()


def throw_from(frame):
    sys.settrace(throw_again)
    while frame is not None:
        if frame.f_code.co_filename != OURS:
            frame.f_trace = throw_again
        frame = frame.f_back


def throw_again(frame, event, _):
    if frame.f_code.co_filename == OURS:
        return None
    if event == "line":
        raise KeyboardInterrupt()
    return throw_again
