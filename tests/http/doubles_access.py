"""Doubles of who calls, and of which account is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.accounts.account import Account
from gateway.errors import NotFound, Unauthenticated
from gateway.identity.credentials import Presented
from gateway.identity.principal import Principal
from gateway.identity.scope import with_implied
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import PassThrough, Provider

PROVIDER = Provider(name="example", imap=ImapSettings(host="imap.example.org"), auth=PassThrough())
ACCOUNT = Account(
    id="account-1",
    address="user@example.org",
    provider=PROVIDER,
    endpoint=Endpoint("imap.example.org", 993, "implicit", None),
    credential=Password("user", Secret("password")),
)


class Directory:
    """Everyone has one account."""

    async def accounts(self, caller: Principal, /) -> list[Account]:
        return [ACCOUNT]

    async def resolve(self, caller: Principal, ref: str, /) -> Account:
        if ref not in ("me", ACCOUNT.id):
            raise NotFound("no such account", field="account")
        return ACCOUNT


@dataclass
class Authenticator:
    """The token is a list of scopes: `Bearer mail.read+mail.events`; `Bearer bad` is none."""

    expires_at: float = 10_000.0
    subject: str = "subject-1"

    async def authenticate(
        self, authorization: str | Sequence[str] | None, presented: Presented | None = None, /
    ) -> Principal:
        sent = [authorization] if isinstance(authorization, str) else list(authorization or ())
        if not sent:
            raise Unauthenticated("an access token is needed")
        token = sent[0].removeprefix("Bearer ")
        if token == "bad":
            raise Unauthenticated('the token is "odd"', code="invalid_token")
        names = token.split("+")
        subject = next((name[1:] for name in names if name.startswith("@")), self.subject)
        return Principal(
            issuer="https://issuer.example.org",
            subject=subject,
            scopes=frozenset(scope.value for scope in with_implied(names)),
            expires_at=self.expires_at,
            claims={},
            audiences=frozenset(),
            token=Secret(token),
        )

    def next_nonce(self, principal: Principal, /) -> str | None:
        return None
