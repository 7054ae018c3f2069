"""Where a daemon listens."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union
from urllib.parse import unquote, urlsplit

from .error import RunspaceError, invalid_argument

_LONGEST_SOCKET_PATH = 100
#: The port of a daemon where nobody names one.
_USUAL_PORT = 7441


@dataclass(frozen=True)
class UnixAddress:
    """A unix socket of this machine."""

    #: The path of the socket.
    path: str
    #: What to do where nobody listens.
    remedy = "start one with: runspaced"

    def probe(self) -> None:
        """Connects and leaves; OSError where nobody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            probe.connect(self.path)

    def __str__(self) -> str:
        return f"unix://{self.path}"


@dataclass(frozen=True)
class TlsAddress:
    """A port of a machine, over TLS."""

    host: str
    port: int
    #: The name that the daemon must listen as; None: any.
    application: str | None
    #: What to do where nobody listens.
    remedy = "check the address, and that it listens there"

    def probe(self) -> None:
        """Connects and leaves; OSError where nobody listens."""
        socket.create_connection((self.host, self.port), 5).close()

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"grpcs://{host}:{self.port}" + ("" if self.application is None else f"/{self.application}")


Address = Union[UnixAddress, TlsAddress]


def parse_address(text: str) -> Address:
    """The address that a text such as ``unix:///run/me/d.sock`` or ``grpcs://host:7441`` names; INVALID_ARGUMENT where
    it names none."""
    match = re.fullmatch(r"unix:(?://)?(/.+)", text, re.DOTALL)
    if match is not None:
        return UnixAddress(match[1])
    tls = _tls_address_in(text)
    if tls is not None:
        return tls
    remedy = "give a unix socket as unix:///absolute/path, or another machine as grpcs://host:port"
    raise invalid_argument(f"{json.dumps(text)} is no address that can be reached: {remedy}", address=text)


def _tls_address_in(text: str) -> TlsAddress | None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return None
    if url.scheme != "grpcs" or not url.hostname or url.username is not None or url.query:
        return None
    return TlsAddress(url.hostname, _USUAL_PORT if port is None else port, unquote(url.path[1:]) or None)


def certificates_folder(environment: Mapping[str, str]) -> str:
    """RUNSPACED_CERTIFICATES, else ``runspaced/certificates`` in XDG_CONFIG_HOME, else in ``~/.config``."""
    folder = environment.get("RUNSPACED_CERTIFICATES")
    if folder:
        return os.path.abspath(folder)
    base = environment.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(environment.get("HOME") or os.path.expanduser("~"), ".config")
    return os.path.join(base, "runspaced", "certificates")


def address_of(address: str | None, home: str | None, environment: Mapping[str, str]) -> Address:
    """The address given, else the socket of the state folder given, else what the environment says."""
    named = address if address is not None or home is not None else environment.get("RUNSPACED_ADDRESS")
    if named:
        return parse_address(named)
    return own_address(state_folder(environment) if home is None else home, environment)


def state_folder(environment: Mapping[str, str]) -> str:
    """RUNSPACED_HOME, else ``runspaced`` in XDG_STATE_HOME, else ``~/.local/state/runspaced``."""
    home = environment.get("RUNSPACED_HOME")
    if home:
        return os.path.abspath(home)
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        user = environment.get("HOME") or os.path.expanduser("~")
        base = os.path.join(user, ".local", "state")
    return os.path.join(base, "runspaced")


def own_address(folder: str, environment: Mapping[str, str]) -> UnixAddress:
    """The daemon's own socket for a state folder, found as the daemon and the CLI find it."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:12]
    path = os.path.join(_runtime_folder(environment), f"runspaced-{digest}.sock")
    size = len(os.fsencode(path))
    if size <= _LONGEST_SOCKET_PATH:
        return UnixAddress(path)
    raise RunspaceError(
        "SOCKET_PATH_TOO_LONG",
        f"the socket path {path} has {size} bytes, and {_LONGEST_SOCKET_PATH} are possible: "
        "let XDG_RUNTIME_DIR or TMPDIR name a folder with a shorter path",
        grpc_code="INVALID_ARGUMENT",
        metadata={"path": path, "limit": str(_LONGEST_SOCKET_PATH)},
    )


def _runtime_folder(environment: Mapping[str, str]) -> str:
    given = environment.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(given) and _ownership(given) == "ours":
        return given
    own = os.path.join(_temporary_folder(environment), f"runspaced-{os.getuid()}")
    if _ownership(own) != "foreign":
        return own
    raise RunspaceError(
        "ACCESS_DENIED",
        f"{own} is not this user's alone, so whoever listens in it can't be trusted: "
        "remove it, or set XDG_RUNTIME_DIR",
        grpc_code="PERMISSION_DENIED",
        metadata={"path": own},
    )


def _temporary_folder(environment: Mapping[str, str]) -> str:
    """As Node has it, since the daemon asks Node."""
    named = next((environment[name] for name in ("TMPDIR", "TMP", "TEMP") if environment.get(name)), None)
    folder = named or "/tmp"
    return folder.rstrip("/") or "/"


def _ownership(path: str) -> str:
    """Whose a folder is: ours, foreign or missing. A link, or a folder that others may enter, is foreign."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return "ours" if is_ours else "foreign"
