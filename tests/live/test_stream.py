"""One client's stream: order, the one untaken event of a seat, and the end."""

from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.live.event import Bye, Hello
from gateway.live.stream import Seat, Stream
from gateway.mail.resource import Changes, Coverage
from gateway.sync.state import FolderState

START = FolderState(1, 1, 1, 0)
NEXT = FolderState(1, 2, 2, 1)
BYE = Bye(reason="drain", retry=1000)
HELLO = Hello(watching=[], heartbeat_seconds=15)


def change(old: FolderState, new: FolderState) -> Changes:
    return Changes(folder_id="f", old_state=old.encode(), new_state=new.encode(), mode="qresync", coverage=Coverage())


async def test_hello_then_events_then_bye_and_then_nothing() -> None:
    closed: list[Stream] = []
    stream = Stream(closed.append)
    seat = Seat(stream, MailboxName(b"INBOX"), START)
    event = change(START, NEXT)
    stream.end(BYE)
    seat.offer(event, NEXT, None)
    stream.greet(HELLO)
    assert [await stream.next(1) for _ in range(3)] == [HELLO, event, BYE]
    assert closed == [stream]
    assert await stream.next(0.01) is None


async def test_taking_an_event_tells_the_watcher_that_the_seat_is_free() -> None:
    stream = Stream(lambda _: None)
    taken: list[str] = []
    seat = Seat(stream, MailboxName(b"INBOX"), START, taken=lambda: taken.append("taken"))
    seat.offer(change(START, NEXT), NEXT, None)
    assert not seat.free
    await stream.next(1)
    assert seat.free
    assert taken == ["taken"]
    assert seat.position == NEXT


async def test_silence_is_none_in_time() -> None:
    assert await Stream(lambda _: None).next(0.01) is None


async def test_the_first_reason_to_end_stays_and_closing_twice_is_harmless() -> None:
    closed: list[Stream] = []
    stream = Stream(closed.append)
    stream.end(BYE)
    stream.end(Bye(reason="upstream-failed", retry=1))
    assert await stream.next(1) == BYE
    stream.close()
    assert closed == [stream]
