"""Each command that was sent is told with its end, once."""

from __future__ import annotations

import pytest

from gateway.errors import ConnectionLost, DeadlinePassed, LocalError, ProtocolViolation, Refused
from gateway.imap.connection_outcome import Outcome
from gateway.imap.encode.fetch_item import Item
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from tests.imap.conftest import Joiner, Opener
from tests.imap.mails import EVERYTHING, INBOX, fill, read
from tests.imap.scripted import Close, Eof, Expect, Send, Step, scripted, selected, signed_in


class Told:
    def __init__(self) -> None:
        self.all: list[tuple[str, Outcome]] = []
        self.seconds: list[float] = []

    def __call__(self, name: str, outcome: Outcome, seconds: float) -> None:
        self.all.append((name, outcome))
        self.seconds.append(seconds)


async def test_of_a_session_from_its_sign_in_to_its_end(opened: Opener) -> None:
    told = Told()
    session = await opened(on_command=told)
    assert ("AUTHENTICATE", "ok") in told.all
    await fill(session, 2)
    told.all.clear()
    await session.fetch(EVERYTHING, [Item.FLAGS])
    await read(session, 1)
    with pytest.raises(Refused):
        await session.select(MailboxName(b"none such"))
    with pytest.raises(LocalError):
        await session.fetch(EVERYTHING, [Item.FLAGS])  # nothing is selected: it is not sent
    async with session.idle():
        pass
    await session.logout()
    verbs = [told for told in told.all if told[0] != "LIST"]  # whether there is such a mailbox
    assert verbs == [("UID FETCH", "ok"), ("UID FETCH", "ok"), ("SELECT", "no"), ("IDLE", "ok"), ("LOGOUT", "ok")]
    assert all(0 <= each < 20 for each in told.seconds)


@pytest.mark.parametrize(
    ("answer", "error", "outcome"),
    [
        ([Send(b"{tag} BAD what?\r\n")], Refused, "bad"),
        ([Send(b"{tag} NO\r\n")], Refused, "no"),
        ([Close()], ConnectionLost, "lost"),
        ([Send(b"* BYE\r\n"), Close()], ConnectionLost, "lost"),
        ([Send(b"nonsense\r\n"), Eof()], ProtocolViolation, "malformed"),
        ([Eof()], DeadlinePassed, "timeout"),
    ],
)
async def test_of_whatever_ends_it(joined: Joiner, answer: list[Step], error: type[Exception], outcome: str) -> None:
    told = Told()
    async with scripted(*signed_in(), *selected(), Expect("NOOP"), *answer) as server:
        session = await joined(server, deadlines=Deadlines(5, 5, 0.3), on_command=told)
        await session.select(INBOX)
        with pytest.raises(error):
            await session.noop()
        session.abort()
        await server.finished.wait()
    assert told.all == [("AUTHENTICATE", "ok"), ("SELECT", "ok"), ("NOOP", outcome)]
