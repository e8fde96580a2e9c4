"""A mail server that a user named, as settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.accounts.link import ANY_SERVER
from gateway.errors import Unprocessable
from gateway.imap.endpoint import Tls
from gateway.settings.model import Endpoint, Linked, Provider

_TLS: Final[Mapping[str, Tls]] = {"implicit": "implicit", "starttls": "starttls"}


def named_server(host: str, port: int, tls: str, ca_file: str | None) -> Provider:
    """Never without TLS. Raises Unprocessable."""
    if tls not in _TLS:
        raise Unprocessable("a mail server that is named by its users needs TLS", field="tls")
    imap = Endpoint(host=host, port=port, tls=_TLS[tls], ca_file=ca_file)
    return Provider(name=ANY_SERVER, imap=imap, auth=Linked())
