"""One user's runspaced with a state folder and sockets of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from runspaced import Client

PROGRAMS = Path(__file__).parents[4] / "dist" / "bin"
_Found = TypeVar("_Found")


class Daemon:
    """A daemon process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [node(), str(PROGRAMS / "runspaced")], env=environment, stderr=subprocess.PIPE, text=True
        )
        self._ready = threading.Event()
        self._log: list[str] = []
        threading.Thread(target=self._read_log, daemon=True).start()

    def wait_ready(self) -> Daemon:
        """Waits until its sessions are back."""
        if not self._ready.wait(60) or '"message":"daemon ready"' not in self._log[-1]:
            raise AssertionError("the daemon did not start:\n" + "\n".join(self._log[-5:]))
        return self

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kills it, and waits until it is gone."""
        self._process.kill()
        self._process.wait()

    def wait_ended(self) -> None:
        """Waits until it has ended by itself."""
        self._process.wait(60)

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if not self._ready.is_set():
                self._log.append(line)
            if '"message":"daemon ready"' in line:
                self._ready.set()
        self._ready.set()


class Machine:
    """Starts daemons and clients that see nothing of other ones; ends all of its processes when it is left."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="runspaced-python-"))
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        keep = {name: os.environ[name] for name in ("PATH", "DOTNET_ROOT") if name in os.environ}
        self.environment = {
            **keep,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "RUNSPACED_HOME": str(self.folder / "home"),
            "RUNSPACED_PWSH": os.environ.get("RUNSPACED_PWSH", "minimal"),
            "RUNSPACED_AUTOSTART": "0",
        }
        self._clients: list[Client] = []

    def start_daemon(self) -> Daemon:
        """A daemon whose sessions are back."""
        return Daemon(self.environment).wait_ready()

    def client(self, **options: Any) -> Client:
        """A client of this machine's daemon; closed with the machine."""
        options.setdefault("connect_timeout", 30)
        client = Client(environment=self.environment, **options)
        self._clients.append(client)
        return client

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `runspace` to its end."""
        return self._run([node(), str(PROGRAMS / "runspace"), *arguments])

    def run_node_client(self, script: str) -> Any:
        """What a script makes of `client`, a client of the Node library; as JSON."""
        library = PROGRAMS.parent / "lib" / "client.js"
        program = (
            f"const {{ connect }} = require({json.dumps(str(library))});"
            f"const main = async (client) => {{ {script} }};"
            "const client = connect({ environment: process.env });"
            "main(client).then((result) => { console.log(JSON.stringify(result)); client.close(); });"
        )
        ran = self._run([node(), "-e", program])
        if ran.returncode != 0:
            raise AssertionError(ran.stderr)
        return json.loads(ran.stdout)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)

    def processes(self) -> list[int]:
        """Its processes, whoever started them."""
        mark = f"XDG_RUNTIME_DIR={self.runtime}".encode()
        return [
            pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if mark in _environment(pid)
        ]

    def close(self) -> None:
        """Ends everything that is left of it."""
        for client in self._clients:
            client.close()
        eventually(self._kill_all)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_all(self) -> bool | None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # It has ended by itself.
        return None if self.processes() else True

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def node() -> str:
    """The Node that runs the programs."""
    found = os.environ.get("NODE") or shutil.which("node")
    assert found is not None, "needs node on the PATH"
    return found


def eventually(look: Callable[[], _Found | None], limit: float = 60) -> _Found:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + limit
    while (found := look()) is None:
        if time.monotonic() > end:
            raise AssertionError("it never came to be")
        time.sleep(0.02)
    return found


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
