"""One client's stream: order, how much waits for it, where its client is, and the end."""

from __future__ import annotations

import pytest

from gateway.imap.name import MailboxName
from gateway.live.event import Bye, Hello, Resync
from gateway.live.mark import Mark
from gateway.live.stream import HEAVY, UNTAKEN, Stream, Told
from gateway.mail.resource import Changes, Coverage, FolderChanges
from gateway.sync.account_state import KnownFolder
from gateway.sync.state import FolderState

INBOX = MailboxName(b"INBOX")
START = FolderState(1, 1, 1, 0)
NEXT = FolderState(1, 2, 2, 1)
BYE = Bye(reason="drain", retry=1000)
HELLO = Hello(watching=[], heartbeat_seconds=15)


def mark(state: FolderState) -> Mark:
    return Mark("one", {b"INBOX": KnownFolder(state=state)})


def told(name: MailboxName = INBOX, *, destroyed: int = 0) -> Told:
    event = Changes(
        folder_id="f", old_state=START.encode(), new_state=NEXT.encode(), mode="qresync", coverage=Coverage(),
        destroyed=["m"] * destroyed,
    )  # fmt: skip
    return Told(event, mark(NEXT), name)


async def test_hello_then_events_then_bye_and_then_nothing() -> None:
    closed: list[Stream] = []
    stream, event = Stream(closed.append, mark(START)), told()
    stream.greet(HELLO, stream.mark)
    stream.offer(event)
    stream.end(BYE)
    heard = [(await stream.next(1), stream.state) for _ in range(3)]
    assert heard == [(HELLO, START.encode()), (event.event, NEXT.encode()), (BYE, None)]
    assert closed == [stream]
    assert await stream.next(0.01) is None


async def test_a_resync_is_no_place_to_go_on_from() -> None:
    stream = Stream(lambda _: None, mark(START))
    stream.offer(Told(Resync(folder_id="f", since=None, reason="rebuilt"), mark(NEXT), INBOX))
    assert isinstance(await stream.next(1), Resync)
    assert stream.state is None
    assert stream.mark.token == NEXT.encode()


async def test_taking_an_event_tells_the_watchers_that_there_is_room() -> None:
    stream = Stream(lambda _: None, mark(START))
    taken: list[Stream] = []
    stream.taken = taken.append
    stream.offer(told())
    assert not stream.room(INBOX)
    assert stream.room(None)
    await stream.next(1)
    assert stream.room(INBOX)
    assert taken == [stream]


async def test_a_few_events_wait_one_a_folder() -> None:
    stream = Stream(lambda _: None)
    for number in range(UNTAKEN):
        name = MailboxName(b"F%d" % number)
        assert stream.room(name)
        stream.offer(told(name))
        assert not stream.room(name)
    assert not stream.room(INBOX)
    assert not stream.room(None)
    await stream.next(1)
    assert stream.room(INBOX)


async def test_events_that_tell_of_much_wait_alone() -> None:
    stream = Stream(lambda _: None)
    stream.offer(told(destroyed=HEAVY))
    assert not stream.room(MailboxName(b"Other"))
    await stream.next(1)
    stream.offer(Told(FolderChanges(destroyed=["f"] * HEAVY), mark(NEXT), None))
    assert not stream.room(INBOX)


async def test_who_is_leaving_has_no_room() -> None:
    stream = Stream(lambda _: None)
    stream.end(BYE)
    assert not stream.room(INBOX)


async def test_silence_is_none_in_time() -> None:
    assert await Stream(lambda _: None).next(0.01) is None


@pytest.mark.parametrize("again", [BYE, Bye(reason="upstream-failed", retry=1)])
async def test_the_first_reason_to_end_stays_and_closing_twice_is_harmless(again: Bye) -> None:
    closed: list[Stream] = []
    stream = Stream(closed.append)
    stream.end(BYE)
    stream.end(again)
    assert await stream.next(1) == BYE
    stream.close()
    assert closed == [stream]
