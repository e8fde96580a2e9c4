"""The steps of IMAP: from the host's name to waiting for news in the inbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.accounts.verify.certificate import Certificate
from gateway.accounts.verify.peek import secured, with_certificate
from gateway.accounts.verify.step import Seen, StepName, Steps
from gateway.accounts.verify.talk import PlainTalk, plainly
from gateway.accounts.verify.whereabouts import Resolves
from gateway.errors import LocalError, TlsFailed
from gateway.imap.capability import Capabilities
from gateway.imap.connection import Connection
from gateway.imap.connection_open import connect, greeted, start_tls
from gateway.imap.connection_states import shown
from gateway.imap.credential import Credential
from gateway.imap.encode.command import command
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.response import Capability
from gateway.imap.routing import Single
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts

SIGNED_IN: Final[tuple[StepName, ...]] = ("auth", "select", "idle", "quota")
FULL: Final = 100  # percent
INBOX: Final = MailboxName(b"INBOX")
_SYNC: Final = {
    "qresync": "QRESYNC: changes and deletions come exactly",
    "condstore": "CONDSTORE: changes come exactly, deletions by comparison",
    "window": "neither CONDSTORE nor QRESYNC: changes are found by comparison",
}


@dataclass
class ImapTrial:
    """One server, tried. ``connection`` is open once it was looked at; whoever made the trial closes it."""

    endpoint: Endpoint
    resolves: Resolves
    deadlines: Deadlines
    contexts: TlsContexts
    ignore: frozenset[str] = frozenset()
    connection: Connection | None = None
    certificate: Certificate | None = None
    capabilities: Capabilities = field(default_factory=lambda: Capabilities.of(()))
    session: Session | None = None

    async def look(self, steps: Steps) -> bool:
        """Everything that can be seen without signing in; what is behind a failed step is skipped."""
        order: list[tuple[StepName, Callable[[], Awaitable[Seen]]]] = [("dns", self._resolve), ("tcp", self._dial)]
        if self.endpoint.tls == "implicit":
            order += [("tls", self._connect), ("greeting", self._greet)]
        else:
            order += [("connect", self._connect), ("greeting", self._greet)]
        if self.endpoint.tls == "starttls":
            order.append(("tls", self._start_tls))
        order.append(("capability", self._ask))
        return await steps.run_all(order)

    async def sign_in(self, steps: Steps, credential: Credential) -> bool:
        """Sign in, open the inbox, wait for news, look at the quota."""
        if not await steps.run("auth", self._sign_in(credential)):
            steps.skip(SIGNED_IN[1:], "not tried, since auth failed")
            return False
        if not await steps.run("select", self._select()):
            steps.skip(("idle", "quota"), "not tried, since select failed")
            return False
        if await steps.run("idle", self._idle()):
            return await self._quota_step(steps)
        steps.skip(("quota",), "not tried, since idle failed")
        return False

    async def close(self) -> None:
        """A good-bye, where there is somebody to say it to."""
        if self.session is not None:
            await self.session.logout()
        elif self.connection is not None:
            self.connection.protocol.close()

    async def _resolve(self) -> Seen:
        addresses = await self.resolves(self.endpoint)
        self.endpoint = replace(self.endpoint, addresses=addresses)
        return Seen(", ".join(sorted(addresses)))

    async def _dial(self) -> Seen:
        (await plainly(self.endpoint, self.deadlines)).close()
        return Seen("connected")

    async def _connect(self) -> Seen:
        try:
            self.connection = await connect(self.endpoint, self.deadlines, self.contexts)
        except TlsFailed as failed:
            raise await with_certificate(failed, self.endpoint, self.deadlines, None) from failed.__cause__
        return Seen("not yet: plain text") if self.endpoint.tls != "implicit" else self._secured()

    async def _start_tls(self) -> Seen:
        try:
            await start_tls(self._open(), self.endpoint, self.deadlines, self.contexts)
        except TlsFailed as failed:
            raise await with_certificate(failed, self.endpoint, self.deadlines, _ask_for_tls) from failed.__cause__
        return self._secured()

    def _secured(self) -> Seen:
        transport = self._open().protocol.transport
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        self.certificate, seen = secured(tls)
        return seen

    async def _greet(self) -> Seen:
        greeting = await greeted(self._open(), self.deadlines)
        return Seen(shown(greeting.text)[:80])

    async def _ask(self) -> Seen:
        wire, want = self._open().protocol, Single(Capability)
        await wire.execute(wire.command(command("CAPABILITY"), want))
        names = want.value.names if want.value is not None else frozenset()
        self.capabilities = Capabilities.of(names).without(self.ignore)
        return Seen(described(self.capabilities))

    async def _sign_in(self, credential: Credential) -> Seen:
        self.session = await Session.over(
            self._open(), self.endpoint, credential, deadlines=self.deadlines, ignore=self.ignore
        )
        self.capabilities = self.session.capabilities
        return Seen(described(self.capabilities))

    async def _select(self) -> Seen:
        mailbox = await self._session().select(INBOX, readonly=True)
        return Seen(f"INBOX has {mailbox.exists} messages")

    async def _idle(self) -> Seen:
        if not self.capabilities.has("IDLE"):
            return Seen(
                "not offered",
                "no-idle",
                "Nothing has to be done: the server does not tell news by itself, so it is asked every few seconds.",
            )
        async with self._session().idle():
            pass
        return Seen("the server will tell news by itself")

    async def _quota_step(self, steps: Steps) -> bool:
        if not self.capabilities.has("QUOTA"):
            steps.skip(("quota",), "not offered: the server tells of no quota")
            return True
        return await steps.run("quota", self._quota())

    async def _quota(self) -> Seen:
        quotas = await self._session().get_quota_root(INBOX)
        levels = [
            (100 * used // limit, kind, used, limit)
            for quota in quotas
            for kind, (used, limit) in quota.resources.items()
            if limit > 0
        ]
        if not levels:
            return Seen("nothing bounds this account")
        percent, kind, used, limit = max(levels)
        detail = f"{percent} percent of {kind.lower()} are used ({used} of {limit})"
        if percent < FULL:
            return Seen(detail)
        return Seen(detail, "over-quota", "The mailbox is full: delete mail or empty the trash, or have it enlarged.")

    def _open(self) -> Connection:
        if self.connection is None:
            raise LocalError("there is no connection")
        return self.connection

    def _session(self) -> Session:
        if self.session is None:
            raise LocalError("nobody is signed in")
        return self.session


async def _ask_for_tls(talk: PlainTalk) -> None:
    await talk.line()
    await talk.say(b"a STARTTLS\r\n")
    while not (await talk.line()).startswith(b"a "):
        pass


def described(capabilities: Capabilities) -> str:
    """What matters of them, in words."""
    live = "IDLE" if capabilities.has("IDLE") else "no IDLE: it is asked now and then"
    ways = ", ".join(sorted(capabilities.mechanisms)) or "LOGIN"
    return f"sign-in by {ways}; {live}; {_SYNC[capabilities.sync_mode()]}"
