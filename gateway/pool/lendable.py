"""What the pool needs of a session; everything else of it is its borrower's."""

from __future__ import annotations

import asyncio
from typing import Protocol

from gateway.imap.name import MailboxName


class Opened(Protocol):
    """The mailbox that a session has selected."""

    @property
    def name(self) -> MailboxName: ...


class Lendable(Protocol):
    """A signed-in session. ``clean``: no answer to an abandoned command is still to come."""

    @property
    def alive(self) -> bool: ...

    @property
    def clean(self) -> bool: ...

    @property
    def lost(self) -> asyncio.Event:
        """Set when it has ended, by whomever."""
        ...

    @property
    def mailbox(self) -> Opened | None: ...

    async def noop(self) -> object: ...

    async def settle(self) -> bool:
        """Wait, within a small budget, for what was abandoned; False: give the connection up."""
        ...

    async def logout(self) -> object: ...

    def abort(self) -> object: ...
