"""The steps of sending: from the host's name to a sign-in; no message is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from gateway.accounts.verify import smtp_client
from gateway.accounts.verify.certificate import Certificate
from gateway.accounts.verify.peek import secured, with_certificate
from gateway.accounts.verify.step import Seen, StepName, Steps
from gateway.accounts.verify.talk import PlainTalk, Talk, plainly
from gateway.accounts.verify.whereabouts import Resolves
from gateway.errors import DeadlinePassed, LocalError, TlsFailed, TlsRequired
from gateway.imap.credential import Credential
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import TlsContexts

T = TypeVar("T")


@dataclass
class SmtpTrial:
    """One server, tried. ``talk`` is open once it was looked at; whoever made the trial closes it."""

    endpoint: Endpoint
    resolves: Resolves
    deadlines: Deadlines
    contexts: TlsContexts
    talk: Talk | None = None
    certificate: Certificate | None = None
    mechanisms: tuple[str, ...] = ()

    async def look(self, steps: Steps) -> bool:
        """Everything that can be seen without signing in; what is behind a failed step is skipped."""
        order: list[tuple[StepName, Callable[[], Awaitable[Seen]]]] = [("dns", self._resolve), ("tcp", self._dial)]
        if self.endpoint.tls == "implicit":
            order += [("tls", self._secure), ("greeting", self._greet)]
        else:
            order += [("greeting", self._greet)]
        if self.endpoint.tls == "starttls":
            order.append(("tls", self._start_tls))
        order.append(("capability", self._ask))
        return await steps.run_all(order)

    async def sign_in(self, steps: Steps, credential: Credential) -> bool:
        """Sign in, and no more."""
        return await steps.run("auth", self._sign_in(credential))

    async def close(self) -> None:
        """The end, without a good-bye."""
        if self.talk is not None:
            self.talk.close()

    async def _resolve(self) -> Seen:
        addresses = await self.resolves(self.endpoint)
        self.endpoint = replace(self.endpoint, addresses=addresses)
        return Seen(", ".join(sorted(addresses)))

    async def _dial(self) -> Seen:
        self.talk = await plainly(self.endpoint, self.deadlines)
        return Seen("connected")

    async def _secure(self, preamble: Callable[[PlainTalk], Awaitable[None]] | None = None) -> Seen:
        plain = self._open()
        if not isinstance(plain, PlainTalk):
            raise LocalError("TLS has begun already")
        context = self.contexts.of(self.endpoint.ca_file)
        try:
            under = await plain.secure(self.endpoint.host, context, self.deadlines.connect)
        except TlsFailed as failed:
            raise await with_certificate(failed, self.endpoint, self.deadlines, preamble) from failed.__cause__
        self.talk = under
        self.certificate, seen = secured(under.tls)
        return seen

    async def _start_tls(self) -> Seen:
        offers = await self._timely(smtp_client.ehlo(self._open()))
        if "STARTTLS" not in offers:
            raise TlsRequired("the server does not offer STARTTLS")
        said = await self._timely(smtp_client.ask(self._open(), "STARTTLS"))
        if said.code != 220:
            raise TlsRequired("the server refused STARTTLS")
        return await self._secure(_ask_for_tls)

    async def _greet(self) -> Seen:
        try:
            async with asyncio.timeout(self.deadlines.greeting):
                return Seen((await smtp_client.greeting(self._open())).text[:80])
        except TimeoutError as error:
            raise DeadlinePassed("the server did not greet in time") from error

    async def _ask(self) -> Seen:
        self.mechanisms = smtp_client.mechanisms(await self._timely(smtp_client.ehlo(self._open())))
        if self.mechanisms:
            return Seen(f"sign-in by {', '.join(sorted(self.mechanisms))}")
        hint = "The server takes mail without sign-in only: name the one for sending (submission, port 465 or 587)."
        return Seen("no sign-in offered", "no-auth-offered", hint)

    async def _sign_in(self, credential: Credential) -> Seen:
        await self._timely(smtp_client.sign_in(self._open(), credential, self.mechanisms, self.endpoint))
        return Seen("signed in")

    async def _timely(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.deadlines.command):
                return await work
        except TimeoutError as error:
            raise DeadlinePassed("the server did not answer in time") from error

    def _open(self) -> Talk:
        if self.talk is None:
            raise LocalError("there is no connection")
        return self.talk


async def _ask_for_tls(talk: PlainTalk) -> None:
    await smtp_client.greeting(talk)
    await smtp_client.ehlo(talk)
    await smtp_client.ask(talk, "STARTTLS")
