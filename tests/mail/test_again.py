"""What a lost connection means for a verb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.errors import ConnectionLost, FolderStale, NotFound, WriteInDoubt
from gateway.mail.again import STALE, reading, writing


class Verb:
    """Fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


async def test_a_read_is_tried_once_more() -> None:
    verb = Verb(ConnectionLost())
    assert await reading(verb)() == "done"
    assert verb.calls == 2


async def test_a_read_is_not_tried_for_ever() -> None:
    verb = Verb(ConnectionLost(), ConnectionLost())
    with pytest.raises(ConnectionLost):
        await reading(verb)()
    assert verb.calls == 2


async def test_a_write_that_may_have_happened_is_never_repeated() -> None:
    verb = Verb(ConnectionLost(maybe_done=True))
    with pytest.raises(WriteInDoubt):
        await writing(verb)()
    assert verb.calls == 1


async def test_a_write_that_was_never_sent_is_tried_once_more() -> None:
    verb = Verb(ConnectionLost())
    assert await writing(verb)() == "done"
    twice = Verb(ConnectionLost(), ConnectionLost(maybe_done=True))
    with pytest.raises(WriteInDoubt):
        await writing(twice)()
    assert twice.calls == 2


@pytest.mark.parametrize("wrap", [reading, writing])
async def test_every_stale_connection_is_found_out_once(wrap: Callable[[Verb], Callable[[], Awaitable[str]]]) -> None:
    verb = Verb(*[FolderStale()] * STALE)
    assert await wrap(verb)() == "done"


async def test_other_errors_pass() -> None:
    verb = Verb(NotFound("gone"))
    with pytest.raises(NotFound):
        await reading(verb)()
    assert verb.calls == 1
