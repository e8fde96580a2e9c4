"""A client that asks for the changes of the whole account, by GET and by POST."""

from __future__ import annotations

import asyncio

from .account_client import SIZES, AccountClient
from .fleet import passed


class AccountPuller(AccountClient):
    """It comes, asks until there is no more, and sleeps; now and then it leaves between two answers."""

    async def episode(self, stop: asyncio.Event) -> None:
        if self.token is None:
            await self.begin()
        if self.random.random() < 0.3:
            self.take(await self.asked(str(self.token), self.random.choice(SIZES)))
            await self.read_unread()
        else:
            await self.catch_up()
        await passed(stop, self.random.choice((0, 0.1, 0.5, 3.0)) * self.random.random())

    async def rest(self, seconds: float) -> bool:
        await self.catch_up()
        return True
