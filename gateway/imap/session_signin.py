"""Signing in: the best way that the server offers for a credential, and what a refusal means."""

from __future__ import annotations

from typing import Final

from gateway.errors import ConnectionLost, GatewayError, SignInRefused, TlsRequired
from gateway.imap.credential import Credential, Password
from gateway.imap.encode.arg import text
from gateway.imap.encode.command import base64_line, command, words
from gateway.imap.response import Capability, Tagged
from gateway.imap.routing import Single
from gateway.imap.sasl import Exchange, exchange, mechanisms_for
from gateway.imap.session_core import Core, refused
from gateway.imap.sign_in_refusal import refusal_of

# Codes of a NO that say nothing against the credentials (RFC 5530 section 3): trying again later may help.
_NOT_THE_CREDENTIALS: Final = frozenset({"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "CORRUPTION", "CONTACTADMIN"})


class SigningIn(Core):
    async def _sign_in(self, credential: Credential) -> None:
        """Raises SignInRefused, Refused (not the credentials' fault), TlsRequired, or what ended the connection."""
        if not self._told or (self._mechanism(credential) is None and not self._may_log_in(credential)):
            await self._ask_capabilities()  # what was pushed is of its moment: a way may have been told of since
        mechanism = self._mechanism(credential)
        self._told = False
        if isinstance(credential, Password) and mechanism in (None, "LOGIN") and self._may_log_in(credential):
            await self._login(credential)
        elif mechanism is not None:
            await self._authenticate(credential, mechanism)
        elif self.endpoint.tls == "none" and self.capabilities.has("LOGINDISABLED"):
            raise TlsRequired("the mail server takes no sign-in without TLS")
        else:
            raise SignInRefused("the mail server offers no way to sign in with these credentials")
        if not self._told:
            await self._ask_capabilities()

    def _mechanism(self, credential: Credential) -> str | None:
        offered = self.capabilities.mechanisms
        return next((name for name in mechanisms_for(credential) if name in offered), None)

    def _may_log_in(self, credential: Credential) -> bool:
        """By the command LOGIN."""
        return isinstance(credential, Password) and not self.capabilities.has("LOGINDISABLED")

    async def _ask_capabilities(self) -> None:
        await self._run("CAPABILITY", want=Single(Capability))

    async def _login(self, credential: Password) -> None:
        line = command(
            "LOGIN",
            text(credential.user, field="user"),
            text(credential.password.reveal(), field="password"),
        )
        pending = self._wire.command(line, Single(Capability))
        self._judge(await self._wire.execute(pending), credential, None)

    async def _authenticate(self, credential: Credential, mechanism: str) -> None:
        talk = exchange(credential, mechanism, self.endpoint.host, self.endpoint.port)
        first = talk.first() if self.capabilities.has("SASL-IR") else None
        args = [words(mechanism)] + ([base64_line(first)] if first is not None else [])
        pending = self._wire.command(command("AUTHENTICATE", *args), Single(Capability))
        pending.on_continue = talk.answer
        try:
            tagged = await self._wire.execute(pending)
        except ConnectionLost as lost:
            raise self._lost_over(talk, lost, credential) from lost
        self._judge(tagged, credential, talk)

    def _lost_over(self, talk: Exchange, lost: ConnectionLost, credential: Credential) -> GatewayError:
        """A server that hangs up once it has told why it refuses has refused."""
        if talk.challenge is None:
            return lost
        return refusal_of(credential, None, talk.challenge)

    def _judge(self, tagged: Tagged, credential: Credential, talk: Exchange | None) -> None:
        if tagged.status == "OK":
            return
        code = tagged.code.name if tagged.code is not None else None
        if code == "PRIVACYREQUIRED":
            raise TlsRequired("the mail server takes no sign-in without TLS")
        if code in _NOT_THE_CREDENTIALS:
            raise refused("AUTHENTICATE", tagged)
        raise refusal_of(credential, tagged, talk.challenge if talk is not None else None)
