"""Session configurations."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from .api import Api
from .gen.runspace.v1 import configuration_pb2
from .gen.runspace.v1.configuration_pb2 import Configuration
from .methods import (
    GET_CONFIGURATION,
    LIST_CONFIGURATIONS,
    REGISTER_CONFIGURATION,
    UNREGISTER_CONFIGURATION,
)
from .times import Span


class Configurations:
    """Session configurations: named endpoints. Each is named by its name, whatever its case, or its resource URI."""

    def __init__(self, api: Api) -> None:
        """Made by ``Client``."""
        self._api = api

    def list(self, names: Sequence[str] = (), *, timeout: Span | None = None) -> list[Configuration]:
        """The configurations that the caller may see, by name; ``names`` may be patterns."""
        found: list[Configuration] = []
        request = configuration_pb2.ListConfigurationsRequest(names=names)
        while True:
            page = self._api.unary(LIST_CONFIGURATIONS, request, timeout)
            found.extend(page.configurations)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def get(self, name: str, *, timeout: Span | None = None) -> Configuration:
        """One configuration."""
        request = configuration_pb2.GetConfigurationRequest(name=name)
        return self._api.unary(GET_CONFIGURATION, request, timeout).configuration

    def register(
        self,
        configuration: Configuration | str,
        *,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: Span | None = None,
    ) -> Configuration:
        """Adds a configuration, or replaces the one of its name; with ``validate_only`` only says what it would be. As a
        message, or as text: YAML or JSON as a configuration file has it. Only for whoever runs the daemon."""
        request = configuration_pb2.RegisterConfigurationRequest(
            request_id=str(uuid.uuid4()) if request_id is None else request_id,
            validate_only=validate_only,
            configuration=None if isinstance(configuration, str) else configuration,
            text=configuration if isinstance(configuration, str) else "",
        )
        return self._api.unary(REGISTER_CONFIGURATION, request, timeout).configuration

    def unregister(self, name: str, *, request_id: str | None = None, timeout: Span | None = None) -> None:
        """Removes a registered configuration; its sessions stay. Only for whoever runs the daemon."""
        request = configuration_pb2.UnregisterConfigurationRequest(
            request_id=str(uuid.uuid4()) if request_id is None else request_id, name=name
        )
        self._api.unary(UNREGISTER_CONFIGURATION, request, timeout)
