"""
Whose output a thread's is: a run's, whoever runs now. A thread belongs to the run that started it, and what a pool's thread does to
the run that asked for it.
"""
import _thread
import sys
import threading


class Owners:
    def __init__(self):
        # The run of the main thread; 0: none.
        self.current = 0
        self._local = _thread._local()
        for module, name in (
            (_thread, "start_new_thread"),
            (_thread, "start_joinable_thread"),
            (threading, "_start_new_thread"),
            (threading, "_start_joinable_thread"),
        ):
            start = getattr(module, name, None)
            if start is not None:
                setattr(module, name, self._owned_start(start))

    def of_thread(self):
        """The run that this thread works for."""
        return getattr(self._local, "run", None) or self.current

    def watch_pools(self):
        """Once somebody has imported the pools of threads."""
        futures = sys.modules.get("concurrent.futures.thread")
        item = getattr(futures, "_WorkItem", None)
        if item is None or getattr(item, "_is_owned", False):
            return
        owners, init, run = self, item.__init__, item.run

        def owned_init(self, *rest, **named):
            self._run_of_engine = owners.of_thread()
            init(self, *rest, **named)

        def owned_run(self, *rest, **named):
            before = getattr(owners._local, "run", None)
            owners._local.run = getattr(self, "_run_of_engine", before)
            try:
                return run(self, *rest, **named)
            finally:
                owners._local.run = before

        item.__init__, item.run, item._is_owned = owned_init, owned_run, True

    def _owned_start(self, start):
        def owned(function, *rest, **named):
            run = self.of_thread()

            def begin(*arguments, **more):
                self._local.run = run
                return function(*arguments, **more)

            return start(begin, *rest, **named)

        return owned
