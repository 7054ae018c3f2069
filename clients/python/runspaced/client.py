"""The way in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType

from .address import address_of
from .api import Api, Patience
from .caller import caller_of
from .channel import Channel
from .configurations import Configurations
from .daemon import Daemon
from .jobs import Jobs
from .pipelines import Pipelines
from .sessions import Sessions
from .times import Span, seconds_of


class Client:
    """A daemon's services, for one client. Connects when it is first used. Threads may share it."""

    def __init__(
        self,
        address: str | None = None,
        *,
        home: str | None = None,
        certificates: str | None = None,
        token: str | None = None,
        environment: Mapping[str, str] | None = None,
        client_id: str | None = None,
        connect_timeout: Span = 5.0,
        retry_limit: Span = 60.0,
        silence: Span = 45.0,
        maximum_message_bytes: int = 1 << 30,
        start: Callable[[], None] | None = None,
    ) -> None:
        """
        ``address``: where the daemon listens, ``unix:///path`` or ``grpcs://host:port/NAME``; by default RUNSPACED_ADDRESS, else the socket of the
        state folder. ``home``: the daemon's state folder; wins over RUNSPACED_HOME and RUNSPACED_ADDRESS.
        ``certificates``: for ``grpcs://`` the folder with ``ca.crt`` and this client's ``client/NAME.crt`` and ``.key``; by
        default RUNSPACED_CERTIFICATES, else ``runspaced/certificates`` in XDG_CONFIG_HOME or ``~/.config``. ``token``:
        shown in place of a certificate; by default what the file says that RUNSPACED_TOKEN_FILE names.
        ``environment``: the variables that say where the daemon is, by default this process's own. ``client_id``: what
        this client calls itself, made up when left out. ``connect_timeout``: how long a daemon that was never reached is
        tried; ``retry_limit``: one that was lost. ``silence``: a connection without a sign of life for this long is
        lost. ``start`` is called when nothing listens, unless the daemon was stopped on purpose: the place to start one.
        Raises INVALID_ARGUMENT for an address it can't read.
        """
        variables = os.environ if environment is None else environment
        where = address_of(address, home, variables)
        channel = Channel(
            where,
            caller=caller_of(certificates, token, variables),
            start=start, maximum_message_bytes=maximum_message_bytes, silence=seconds_of(silence)
        )
        patience = Patience(seconds_of(connect_timeout), seconds_of(retry_limit))
        self._api = Api(channel, str(uuid.uuid4()) if client_id is None else client_id, patience)
        #: Where the daemon is.
        self.address = str(where)
        #: What this client calls itself.
        self.client_id = self._api.client_id
        #: Commands in sessions.
        self.pipelines = Pipelines(self._api)
        #: Sessions.
        self.sessions = Sessions(self._api, self.pipelines)
        #: Jobs: one command over many targets.
        self.jobs = Jobs(self._api)
        #: Session configurations.
        self.configurations = Configurations(self._api)
        #: The daemon itself.
        self.daemon = Daemon(self._api)

    def close(self) -> None:
        """Ends the connection. Commands go on."""
        self._api.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.address}>"
