"""Where a folder stands at one moment: what a state token, an entity tag and a page position are made of."""

from __future__ import annotations

from functools import lru_cache

from gateway.errors import ProtocolViolation
from gateway.imap.capability import SyncMode
from gateway.imap.encode.search_key import SeqIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet
from gateway.mail.find import find
from gateway.mail.opening import current
from gateway.sync.samples import positions, take
from gateway.sync.state import FolderState, Sample


async def refresh(session: Session) -> Mailbox:
    """The open mailbox as it is now, with UIDNEXT and HIGHESTMODSEQ of one moment.

    Where NOOP, or a command since the mailbox was opened, told of a change, only opening it again gives those: STATUS
    is not meant for an open mailbox (RFC 9051 section 6.3.11), and one common server answers it with old numbers.
    """
    now = await current(session, opened(session))
    if not now.version:
        return now
    return await session.select(now.name, readonly=now.readonly, again=True)


async def state_of(session: Session) -> FolderState:
    """The state of the open mailbox, of the moment it was opened or refreshed."""
    mailbox = opened(session)
    exists = mailbox.exists  # more may go while samples are taken: that is news
    uidnext = mailbox.uidnext if mailbox.uidnext is not None else await _uidnext(session, mailbox)
    samples: tuple[Sample, ...] = ()
    if sync_mode(session) != "qresync" and exists:
        samples = await _samples(session, exists)
    modseq = 0 if sync_mode(session) == "window" else mailbox.highestmodseq or 0
    if samples:
        return FolderState(mailbox.uidvalidity or 0, uidnext, modseq, exists, samples)
    return _state(mailbox.uidvalidity or 0, uidnext, modseq, exists)


@lru_cache(maxsize=4096)
def _state(uidvalidity: int, uidnext: int, modseq: int, exists: int) -> FolderState:
    """Most folders are as they were when they were last asked for."""
    return FolderState(uidvalidity, uidnext, modseq, exists)


async def _samples(session: Session, exists: int) -> tuple[Sample, ...]:
    wanted = positions(exists)
    uids = await find(session, SeqIn(SequenceSet.of(wanted)))
    return take(dict(zip(wanted, uids, strict=True)), exists) if len(uids) == len(wanted) else ()


async def _uidnext(session: Session, mailbox: Mailbox) -> int:
    """UIDNEXT where SELECT did not tell it: one more than the last UID."""
    if not mailbox.exists:
        return 1
    return max(await find(session, SeqIn(SequenceSet.of((mailbox.exists,)))), default=0) + 1


def sync_mode(session: Session) -> SyncMode:
    """How changes of the open mailbox can be found: one without mod-sequences (NOMODSEQ, RFC 7162 section 3.1.2.2)
    may not be asked for them, whatever the server can do elsewhere. Quirks MODSEQ_WITHOUT_CONDSTORE, NO_MODSEQ."""
    return session.capabilities.sync_mode() if opened(session).highestmodseq is not None else "window"


def opened(session: Session) -> Mailbox:
    """The open mailbox, as the last answer left it."""
    if session.mailbox is None:
        raise ProtocolViolation("the server closed the folder by itself")
    return session.mailbox
