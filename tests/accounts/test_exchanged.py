from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.accounts import exchanged
from gateway.accounts.exchange import Exchanged
from gateway.accounts.exchanged import KEPT_MAX, LEAST, REFUSED_FOR, RETRY, ExchangedTokens, Key
from gateway.errors import Forbidden, Unavailable
from gateway.secret import Secret

KEY = Key("https://i.example", "s1", "d1", "imap")


class Issuer:
    """Gives tokens of ``life`` seconds, each with a number; ``gate`` holds an answer back."""

    def __init__(self, life: float = 100.0) -> None:
        self.now, self.life, self.made = 1000.0, life, 0
        self.fails: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.tokens = ExchangedTokens(lambda: self.now, lambda: 0.5)

    async def give(self) -> Exchanged:
        self.made += 1
        number = self.made
        await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        return Exchanged(Secret(f"t{number}"), self.now + self.life)

    async def get(self, key: Key = KEY, *, longest: bool = False) -> str:
        return (await self.tokens.get(key, self.give, longest=longest)).token.reveal()


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_it_is_exchanged_once() -> None:
    issuer = Issuer()
    assert [await issuer.get() for _ in range(5)] == ["t1"] * 5
    others = [Key("https://j.example", *KEY[1:]), KEY._replace(subject="s2"), KEY._replace(digest="d2")]
    assert [await issuer.get(key) for key in (*others, KEY._replace(target="x"))] == ["t2", "t3", "t4", "t5"]
    assert await issuer.get() == "t1"


async def test_of_many_who_come_at_once_one_asks() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    waiting: list[Awaitable[str]] = [asyncio.create_task(issuer.get()) for _ in range(50)]
    await settled(lambda: issuer.made == 1)
    leaving = waiting.pop()
    assert isinstance(leaving, asyncio.Task)
    leaving.cancel()
    issuer.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"t1"}
    assert issuer.made == 1


async def test_it_is_renewed_ahead_of_its_end_while_the_old_one_serves() -> None:
    issuer = Issuer(life=100)
    assert await issuer.get() == "t1"
    issuer.now += 70
    assert await issuer.get() == "t1"
    assert issuer.made == 1
    issuer.now += 8  # 77.5 s is the time of its renewal
    issuer.gate.clear()
    assert await issuer.get() == "t1"
    await settled(lambda: issuer.made == 2)
    assert await issuer.get() == "t1"
    longest = asyncio.create_task(issuer.get(longest=True))
    issuer.gate.set()
    assert await longest == "t2"
    assert await issuer.get() == "t2"
    assert issuer.made == 2


async def test_an_issuer_that_is_down_for_a_moment_is_not_noticed() -> None:
    issuer = Issuer(life=100)
    assert await issuer.get() == "t1"
    issuer.now += 80
    issuer.fails = Unavailable("down")
    assert await issuer.get(longest=True) == "t1"
    assert [await issuer.get() for _ in range(3)] == ["t1"] * 3
    await settled(lambda: issuer.made == 2)
    issuer.now += RETRY
    issuer.fails = None
    assert await issuer.get(longest=True) == "t3"


async def test_past_its_end_it_serves_no_more() -> None:
    issuer = Issuer(life=100)
    assert await issuer.get() == "t1"
    issuer.now += 100 - LEAST
    issuer.fails = Unavailable("down")
    with pytest.raises(Unavailable):
        await issuer.get()
    issuer.fails = None
    assert await issuer.get() == "t3"


async def test_a_refusal_is_remembered_for_a_moment_and_ends_what_was_given() -> None:
    issuer = Issuer(life=100)
    assert await issuer.get() == "t1"
    issuer.now += 80
    issuer.fails = Forbidden("no more")
    await issuer.get()  # renewed behind its back
    await settled(lambda: len(issuer.tokens) == 0)
    for _ in range(3):
        with pytest.raises(Forbidden):
            await issuer.get()
    assert issuer.made == 2
    issuer.now += REFUSED_FOR
    issuer.fails = None
    assert await issuer.get() == "t3"


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEPT_MAX >= 1000
    monkeypatch.setattr(exchanged, "KEPT_MAX", 3)
    issuer = Issuer()
    for number in range(4):
        await issuer.get(KEY._replace(digest=str(number)))
    assert len(issuer.tokens) == 3
    assert await issuer.get(KEY._replace(digest="3")) == "t4"
    assert await issuer.get(KEY._replace(digest="0")) == "t5"


async def test_exchanges_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanged, "AT_ONCE_MAX", 2)
    issuer = Issuer()
    issuer.gate.clear()
    waiting = [asyncio.create_task(issuer.get(KEY._replace(digest=str(number)))) for number in range(2)]
    await settled(lambda: issuer.made == 2)
    with pytest.raises(Unavailable):
        await issuer.get()
    issuer.gate.set()
    await asyncio.gather(*waiting)
    assert await issuer.get() == "t3"


async def test_an_issuer_that_does_not_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanged, "PATIENCE", 0.01)
    issuer = Issuer()
    issuer.gate.clear()
    with pytest.raises(Unavailable):
        await issuer.get()


async def test_the_end_ends_what_is_asked() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    waiting = asyncio.create_task(issuer.get())
    await settled(lambda: issuer.made == 1)
    await issuer.tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
