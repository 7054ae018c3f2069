"""Who a client is to daemons of other machines."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import grpc

from .address import certificates_folder
from .error import invalid_argument


@dataclass(frozen=True)
class Caller:
    """What is shown to a daemon over TLS, and whom to trust."""

    #: Folder with ``ca.crt`` and the client's own ``client/NAME.crt`` and ``.key``; each may be missing.
    folder: str
    #: Shown in place of a certificate; None: what is in the file.
    token: str | None
    #: Name of a file with a token; None: there is none.
    token_file: str | None

    def credentials(self) -> grpc.ChannelCredentials:
        """As they are now: files may have changed. INVALID_ARGUMENT where several certificates are there."""
        token = self.token
        if token is None and self.token_file is not None:
            with open(self.token_file, encoding="utf-8") as file:
                token = file.read().strip()
        if token is not None and re.fullmatch(r"[!-~]+", token) is None:
            # gRPC would write it to standard error.
            raise invalid_argument("the token is none: it must be one line without blanks, as it was printed")
        key, certificate = (None, None) if token is not None else self._own()
        secure = grpc.ssl_channel_credentials(self._read("ca.crt"), key, certificate)
        if token is None:
            return secure
        return grpc.composite_channel_credentials(secure, grpc.access_token_call_credentials(token))

    def _own(self) -> tuple[bytes | None, bytes | None]:
        folder = os.path.join(self.folder, "client")
        names = [name for name in os.listdir(folder) if name.endswith(".crt")] if os.path.isdir(folder) else []
        if len(names) > 1:
            raise invalid_argument(
                f"there are several certificates in {folder}: leave one there, or use a token", folder=folder
            )
        if not names:
            return None, None
        key = self._read(os.path.join("client", names[0][: -len(".crt")] + ".key"))
        return (None, None) if key is None else (key, self._read(os.path.join("client", names[0])))

    def _read(self, name: str) -> bytes | None:
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()


def caller_of(folder: str | None, token: str | None, environment: Mapping[str, str]) -> Caller:
    """Who this client is: what is given, else what the environment says."""
    return Caller(
        certificates_folder(environment) if folder is None else folder,
        token,
        environment.get("RUNSPACED_TOKEN_FILE") or None,
    )
