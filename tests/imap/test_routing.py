from __future__ import annotations

from gateway.imap.response import (
    Capability,
    Code,
    Condition,
    Fetched,
)
from gateway.imap.routing import Codes, Single, Want, route
from gateway.imap.routing_messages import Messages
from gateway.imap.uids import UidSet

FLAGS = frozenset({"FLAGS"})


def deliver(wants: list[Want], *responses: object) -> list[int | None]:
    """Which want each response went to."""
    went: list[int | None] = []
    for response in responses:
        want = route(wants, response)  # type: ignore[arg-type]
        if want is not None:
            want.take(response)  # type: ignore[arg-type]
        went.append(wants.index(want) if want is not None else None)
    return went


def flags(uid: int | None, *names: bytes) -> Fetched:
    present = {"FLAGS"} if uid is None else {"FLAGS", "UID"}
    return Fetched(1, uid=uid, flags=names, present=frozenset(present))


def test_the_earliest_that_misses_it_comes_first_then_the_earliest_at_all() -> None:
    wants: list[Want] = [Messages(UidSet.of([1]), FLAGS), Messages(UidSet.of([1]), FLAGS)]
    assert deliver(wants, flags(1, b"a"), flags(1, b"b"), flags(1, b"c")) == [0, 1, 0]
    first = wants[0]
    assert isinstance(first, Messages)
    assert first.messages[1].flags == (b"c",)


def test_one_answer_and_codes() -> None:
    single, codes = Single(Capability), Codes("COPYUID")
    copied = Condition("OK", Code("COPYUID"))
    assert deliver([single, codes], Capability(frozenset()), copied, Condition("OK")) == [0, 1, None]
    assert codes.codes == [copied.code]
