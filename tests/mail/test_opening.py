"""What is entered for a folder is left in turn, whatever happens; each hears what the one within made of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import cast

import pytest

from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.opening import Opened

Heard = list[tuple[str, str | None]]


class Manager:
    """Notes what it is left with; ``fails``: what it raises then."""

    def __init__(self, name: str, heard: Heard, fails: Exception | None = None) -> None:
        self._name, self._heard, self._fails = name, heard, fails

    async def __aenter__(self) -> Session:
        return cast("Session", None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heard.append((self._name, None if error is None else type(error).__name__))
        if self._fails is not None:
            raise self._fails from error


class Two(Opened[str]):
    """A lease and something within; ``fails``: so does what comes before the block."""

    def __init__(self, lease: Manager, within: Manager, fails: Exception | None = None) -> None:
        super().__init__(lease, MailboxName(b"INBOX"), examines=True, entered=lambda _: None)
        self._inner, self._fails = within, fails

    async def _begin(self, session: Session) -> str:
        await self._enter(cast("AbstractAsyncContextManager[object]", self._inner))
        if self._fails is not None:
            raise self._fails
        return "entered"


async def test_all_goes_well() -> None:
    heard: Heard = []
    async with Two(Manager("lease", heard), Manager("within", heard)) as entered:
        assert entered == "entered"
        assert not heard
    assert heard == [("within", None), ("lease", None)]


@pytest.mark.parametrize("before", [True, False])
async def test_an_error_is_heard_by_all_and_raised(before: bool) -> None:
    heard: Heard = []
    error = LookupError()
    two = Two(Manager("lease", heard), Manager("within", heard), error if before else None)
    with pytest.raises(LookupError) as raised:
        async with two:
            raise error
    assert raised.value is error
    assert heard == [("within", "LookupError"), ("lease", "LookupError")]


@pytest.mark.parametrize("before", [True, False])
async def test_what_is_made_of_an_error_is_heard_further_out(before: bool) -> None:
    heard: Heard = []
    within = Manager("within", heard, fails=ValueError())
    with pytest.raises(ValueError) as raised:
        async with Two(Manager("lease", heard), within, LookupError() if before else None):
            raise LookupError
    assert isinstance(raised.value.__cause__, LookupError)
    assert heard == [("within", "LookupError"), ("lease", "ValueError")]


async def test_an_end_that_goes_wrong_is_an_error_too() -> None:
    heard: Heard = []
    with pytest.raises(ValueError):
        async with Two(Manager("lease", heard), Manager("within", heard, fails=ValueError())):
            pass
    assert heard == [("within", None), ("lease", "ValueError")]
