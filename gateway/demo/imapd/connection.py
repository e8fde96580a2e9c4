"""One client connection: reading commands, signing in, and telling what happened meanwhile."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.demo.imapd import folder_commands, message_commands
from gateway.demo.imapd.folder import Store
from gateway.demo.imapd.refusal import Refused
from gateway.demo.imapd.syntax import BadSyntax, Value, atom, parse_arguments
from gateway.demo.imapd.view import View
from gateway.secret import Secret

CAPABILITIES = (
    b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID ENABLE IDLE UIDPLUS MOVE NAMESPACE CHILDREN UNSELECT SPECIAL-USE "
    b"LIST-EXTENDED LIST-STATUS ESEARCH CONDSTORE QRESYNC PREVIEW"
)
LINE_LIMIT = 1 << 20
_LITERAL_LIMIT = 60 << 20  # octets; above the largest message that the gateway stores
_LITERAL = re.compile(rb"~?\{(\d{1,10})(\+?)\}\Z")


@dataclass(frozen=True, slots=True)
class Users:
    """Who may sign in: a name and its password; the ``master`` may act for each (RFC 4616 authzid)."""

    passwords: Mapping[str, Secret]
    master: str | None = None

    def accepts(self, authzid: str, user: str, password: str) -> bool:
        known = self.passwords.get(user)
        right = hmac.compare_digest(password.encode(), (known.reveal() if known else "").encode())
        acting = authzid or user
        return bool(known) and right and (acting == user or (user == self.master and acting in self.passwords))


class Connection:
    """The state of RFC 9051 section 3: signed in or not, and which folder is selected."""

    def __init__(self, store: Store, users: Users, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.store = store
        self.users = users
        self.tag = b""
        self.signed_in = False
        self.view: View | None = None
        self.condstore = False
        self.qresync = False
        self._reader = reader
        self._writer = writer
        self._changed = asyncio.Event()

    async def serve(self) -> None:
        self.send(b"* OK [CAPABILITY %b] the demo's mail server is ready" % CAPABILITIES)
        try:
            while await self._turn():
                await self._writer.drain()
            await self._writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # the client is gone, or sent a line without end: nobody is there to answer
        finally:
            self.deselect()
            self._writer.close()

    def send(self, line: bytes) -> None:
        self._writer.write(line + b"\r\n")

    def deselect(self) -> None:
        if self.view is not None:
            self.view.folder.listeners.discard(self._changed.set)
        self.view = None

    def enter(self, view: View) -> None:
        self.view = view
        view.folder.listeners.add(self._changed.set)

    def tell(self, *, expunges: bool) -> None:
        """Send what the session has yet to be told."""
        if self.view is not None:
            for line in self.view.news(expunges=expunges, vanished=self.qresync, condstore=self.condstore):
                self.send(line)

    async def _turn(self) -> bool:
        pieces = await self._read()
        if pieces is None:
            return False
        tag, _, rest = pieces[0].partition(b" ")
        name, _, pieces[0] = rest.partition(b" ")
        name = name.upper()
        try:
            return await self._answer(tag, name, parse_arguments(pieces))
        except (BadSyntax, IndexError, ValueError) as error:
            self.send(tag + b" BAD " + (str(error) if isinstance(error, BadSyntax) else "arguments").encode())
        except Refused as error:
            self.send(tag + b" NO " + str(error).encode())
        return True

    async def _answer(self, tag: bytes, name: bytes, arguments: list[Value]) -> bool:
        if name == b"LOGOUT":
            self.send(b"* BYE see you")
            self.send(tag + b" OK done")
            return False
        self.tag = tag
        by_uid = name == b"UID" and bool(arguments)
        if by_uid:
            name = atom(arguments.pop(0)).upper()
        text = await self._carry_out(name, arguments, by_uid)
        self.tell(expunges=by_uid or name not in {b"FETCH", b"STORE", b"SEARCH"})
        self.send(tag + b" OK " + text)
        return True

    async def _carry_out(self, name: bytes, arguments: list[Value], by_uid: bool) -> bytes:
        if name in {b"CAPABILITY", b"NOOP", b"ID", b"LOGIN", b"AUTHENTICATE"}:
            return await self._anyone(name, arguments)
        if not self.signed_in:
            raise BadSyntax("sign in first")
        if name == b"IDLE":
            return await self._idle()
        if name == b"ENABLE":
            return self._enable(arguments)
        if name in message_commands.VERBS:
            if self.view is None:
                raise BadSyntax("select a folder first")
            return message_commands.VERBS[name](self, self.view, arguments, by_uid)
        if name in folder_commands.VERBS and not by_uid:
            return folder_commands.VERBS[name](self, arguments)
        raise BadSyntax("unknown command")

    async def _anyone(self, name: bytes, arguments: list[Value]) -> bytes:
        if name == b"CAPABILITY":
            self.send(b"* CAPABILITY " + CAPABILITIES)
        elif name == b"ID":
            self.send(b'* ID ("name" "demo")')
        elif name in {b"LOGIN", b"AUTHENTICATE"}:
            await self._sign_in(name, arguments)
            return b"[CAPABILITY %b] signed in" % CAPABILITIES
        return b"done"

    async def _sign_in(self, name: bytes, arguments: list[Value]) -> None:
        if self.signed_in or not arguments:
            raise BadSyntax("signed in already, or no arguments")
        if name == b"LOGIN":
            words = [b"", *(atom(argument) for argument in arguments)]
        elif atom(arguments[0]).upper() == b"PLAIN":
            encoded = atom(arguments[1]) if len(arguments) > 1 else await self._challenge()
            try:
                words = base64.b64decode(encoded, validate=True).split(b"\0")
            except binascii.Error as error:
                raise BadSyntax("not base64") from error
        else:
            raise Refused("[CANNOT] no such mechanism")
        texts = [word.decode("utf-8", "replace") for word in words]
        if len(texts) != 3 or not self.users.accepts(*texts):
            raise Refused("[AUTHENTICATIONFAILED] wrong name or password")
        self.signed_in = True

    async def _challenge(self) -> bytes:
        self.send(b"+ ")
        return (await self._reader.readuntil(b"\n")).strip()

    def _enable(self, arguments: list[Value]) -> bytes:
        asked = {atom(argument).upper() for argument in arguments}
        self.qresync |= b"QRESYNC" in asked
        self.condstore |= self.qresync or b"CONDSTORE" in asked
        self.send(b" ".join([b"* ENABLED", *sorted(asked & {b"QRESYNC", b"CONDSTORE"})]))
        return b"enabled"

    async def _idle(self) -> bytes:
        """RFC 9051 section 6.3.13: tell changes as they happen until the client says DONE."""
        self.send(b"+ idling")
        done = asyncio.ensure_future(self._reader.readuntil(b"\n"))
        try:
            while not done.done():
                self._changed.clear()
                self.tell(expunges=True)
                await self._writer.drain()
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({done, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            done.cancel()
        if (await done).strip().upper() != b"DONE":
            raise BadSyntax("DONE was expected")
        return b"idled"

    async def _read(self) -> list[bytes] | None:
        """One command as text, literal, text, …; None at the end of the stream."""
        pieces: list[bytes] = []
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                return None
            pieces.append(line.rstrip(b"\r\n"))
            match = _LITERAL.search(pieces[-1])
            if match is None:
                return pieces
            if int(match[1]) > _LITERAL_LIMIT:
                return None
            if not match[2]:
                self.send(b"+ go ahead")
            pieces.append(await self._reader.readexactly(int(match[1])))
