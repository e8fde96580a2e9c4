"""What a client sends to have a mail server verified before an account of it is linked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from gateway.accounts.candidate import SafeTls
from gateway.accounts.verify.verification import Wanted
from gateway.errors import InvalidRequest
from gateway.imap.credential import Bearer, Credential, Password
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings.model import Provider

Host = Annotated[str, Meta(min_length=1, max_length=253)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Name = Annotated[str, Meta(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]+$")]
Kept = Annotated[str, Meta(min_length=1, max_length=16_384, pattern=r"^[^\x00\r\n]+$")]


class ImapServer(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where mail is received."""

    host: Host
    port: Port = 993
    tls: SafeTls = "implicit"


class SmtpServer(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where mail is sent."""

    host: Host
    port: Port = 465
    tls: SafeTls = "implicit"


class VerifyRequest(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A server and how to sign in. Without ``password`` and ``token`` everything before the sign-in is tried."""

    address: Name
    imap: ImapServer
    smtp: Annotated[SmtpServer | None, Meta(description="look at sending, too")] = None
    username: Annotated[Name | None, Meta(description="default: the address")] = None
    password: Annotated[Kept | None, Meta(description="an app password, or the mailbox's own")] = None
    token: Annotated[Kept | None, Meta(description="an OAuth access token for mail, in place of a password")] = None

    def __repr__(self) -> str:
        return "VerifyRequest(…)"

    def wanted(self, providers: Iterable[Provider], ca_file: str | None) -> Wanted:
        """What to verify. A server of the operator's configuration is no stranger; all others are restricted.

        Raises InvalidRequest where there are both a password and a token.
        """
        if self.password is not None and self.token is not None:
            raise InvalidRequest("send a password or a token, not both", field="token")
        smtp = self.smtp
        return Wanted(
            _own(self.imap, providers) or Endpoint(self.imap.host, self.imap.port, self.imap.tls, ca_file, True),
            None if smtp is None else Endpoint(smtp.host, smtp.port, smtp.tls, ca_file, True),
            self._credential(),
        )

    def _credential(self) -> Credential | None:
        user = self.username or self.address
        if self.password is not None:
            return Password(user, Secret(self.password))
        return Bearer(user, Secret(self.token), "auto") if self.token is not None else None


def _own(server: ImapServer, providers: Iterable[Provider]) -> Endpoint | None:
    for provider in providers:
        imap = provider.imap
        if (imap.host.lower(), imap.port, imap.tls) == (server.host.lower(), server.port, server.tls):
            return Endpoint(imap.host, imap.port, imap.tls, imap.ca_file)
    return None
