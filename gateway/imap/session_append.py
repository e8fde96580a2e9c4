"""Storing a message."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.errors import InvalidRequest, Refused, TooLarge
from gateway.imap.encode.arg import Arg, Literal, StreamLiteral, date_time, flag_list, mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import AppendUid
from gateway.imap.session_quota import Quotas


class AppendResult(Struct, frozen=True):
    """Where the message is now."""

    uidvalidity: int
    uid: int


class Appending(Quotas):
    async def append(
        self,
        name: MailboxName,
        size: int,
        source: AsyncIterable[bytes] | bytes,
        *,
        flags: Sequence[bytes] = (),
        internaldate: datetime | None = None,
    ) -> AppendResult | None:
        """Store ``size`` octets from ``source``, sent as the server takes them. None: a server without UIDPLUS.

        A source that is shorter or longer raises InvalidRequest and nothing is stored; as half a literal can't be
        taken back the connection is gone then, and so it is where the source raises. TooLarge: over APPENDLIMIT.
        """
        limit = self.capabilities.append_limit
        if limit is not None and size > limit:
            raise TooLarge(f"the mail server takes messages of at most {limit} octets")
        args = [mailbox(name)]
        if flags:
            args.append(flag_list(flags))
        if internaldate is not None:
            args.append(date_time(internaldate))
        try:
            tagged = await self._run("APPEND", *args, _message(size, source))
        except Refused as refusal:
            denied = await self.denied(refusal, name, "i")
            raise await self.overfull(denied, name, octets=size, messages=1) from refusal
        match tagged.code:
            case AppendUid(uidvalidity=uidvalidity, uids=uids) if uids.first is not None:
                return AppendResult(uidvalidity, uids.first)
            case _:
                return None


def _message(size: int, source: AsyncIterable[bytes] | bytes) -> Arg:
    if not isinstance(source, bytes):
        return Arg((StreamLiteral(size, exactly(source, size)),))
    if len(source) != size:
        raise _wrong_size(size)
    return Arg((Literal(source),))


async def exactly(source: AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    """The octets of ``source``; the last of them only once it is known that there are ``size``."""
    held = b""
    total = 0
    async for chunk in source:
        total += len(chunk)
        if total > size:
            raise _wrong_size(size)
        if chunk:
            if held:
                yield held
            held = bytes(chunk)
    if total != size:
        raise _wrong_size(size)
    if held:
        yield held


def _wrong_size(size: int) -> InvalidRequest:
    return InvalidRequest(f"the message is not of {size} octets as was said", field="body")
