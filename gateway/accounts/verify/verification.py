"""The whole of a verification: receiving and sending, each as far as it goes, within one time."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accounts.account import Account
from gateway.accounts.verify.imap import SIGNED_IN, ImapTrial
from gateway.accounts.verify.smtp import SmtpTrial
from gateway.accounts.verify.step import Step, Steps
from gateway.accounts.verify.whereabouts import Resolves
from gateway.imap.credential import Bearer, Credential, Password, ProxyPassword
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import TlsContexts

HIDDEN: Final = "…"


class Verification(Struct, rename="camel", kw_only=True, frozen=True):
    """What came of every step, in the order in which they were tried."""

    ok: Annotated[bool, Meta(description="no step failed")]
    steps: list[Step]


class Wanted(Struct, frozen=True):
    """What to verify. Without a ``credential`` nobody signs in; without ``smtp`` sending is not looked at."""

    imap: Endpoint
    smtp: Endpoint | None = None
    credential: Credential | None = None
    ignore: frozenset[str] = frozenset()


class Verifier(Struct, frozen=True):
    """``seconds``: for the whole. ``contexts`` are kept between verifications."""

    resolves: Resolves
    deadlines: Deadlines
    seconds: float
    contexts: TlsContexts

    async def verify(self, wanted: Wanted, on_step: Callable[[Step], object] | None = None) -> Verification:
        """Every step is told to ``on_step`` as it ends. No secret is in what is told."""
        until = asyncio.get_running_loop().time() + self.seconds
        hide = hiding(wanted.credential)
        steps = Steps("imap", until, hide, on_step)
        await self._imap(wanted, steps)
        done = steps.done
        if wanted.smtp is not None:
            sending = Steps("smtp", until, hide, on_step)
            await self._smtp(wanted.smtp, wanted.credential, sending)
            done = done + sending.done
        return Verification(ok=all(step.outcome != "failed" for step in done), steps=done)

    async def verify_account(self, account: Account) -> Verification:
        """The steps of an account as it is signed in to."""
        ignored = frozenset(account.provider.disable_capabilities)
        return await self.verify(Wanted(account.endpoint, None, account.credential, ignored))

    async def _imap(self, wanted: Wanted, steps: Steps) -> None:
        trial = ImapTrial(wanted.imap, self.resolves, self.deadlines, self.contexts, wanted.ignore)
        try:
            if not await trial.look(steps):
                steps.skip(SIGNED_IN, "not tried, since a step before it failed")
            elif wanted.credential is None:
                steps.skip(SIGNED_IN, "not tried: no credentials", "Send a password or a token to have them tried.")
            else:
                await trial.sign_in(steps, wanted.credential)
        finally:
            await trial.close()

    async def _smtp(self, endpoint: Endpoint, credential: Credential | None, steps: Steps) -> None:
        trial = SmtpTrial(endpoint, self.resolves, self.deadlines, self.contexts)
        try:
            if not await trial.look(steps):
                steps.skip(("auth",), "not tried, since a step before it failed")
            elif credential is None:
                steps.skip(("auth",), "not tried: no credentials", "Send a password or a token to have them tried.")
            else:
                await trial.sign_in(steps, credential)
        finally:
            await trial.close()


def hiding(credential: Credential | None) -> Callable[[str], str]:
    """Takes the secret, and what it looks like on the wire, out of a text: servers have been known to repeat it."""
    match credential:
        case Password(user, secret) | ProxyPassword(_, user, secret):
            value = secret.reveal()
            octets = value.encode()
            shapes = [value, _base64(octets), _base64(b"\0" + user.encode() + b"\0" + octets)]
            if isinstance(credential, ProxyPassword):
                shapes.append(_base64(f"{credential.authzid}\0{user}\0{value}".encode()))
        case Bearer(_, secret):
            shapes = [secret.reveal(), _base64(secret.reveal().encode())]
        case None:
            shapes = []

    def hide(text: str) -> str:
        for shape in sorted(filter(None, shapes), key=len, reverse=True):
            text = text.replace(shape, HIDDEN)
        return text

    return hide


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")
