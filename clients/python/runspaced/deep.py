"""Deeply nested values."""

from __future__ import annotations

import importlib

from google.protobuf.internal import api_implementation


def allow_deep_messages() -> None:
    """Lets protobuf read more than 100 messages inside each other, in this whole process.

    PowerShell's own limit is 50 objects, which are 150 messages. The daemon checks what it sends.
    """
    for name in _MODULES.get(api_implementation.Type(), ()):
        try:
            implementation = importlib.import_module(name)
        except ImportError:
            continue
        allow = getattr(implementation, "SetAllowOversizeProtos", None)
        if allow is not None:
            allow(True)


_MODULES = {"cpp": ("google.protobuf.pyext._message",), "upb": ("google._upb._message",)}
