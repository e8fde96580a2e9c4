"""The reference client of who changes things on a train: its outbox goes out at any gateway, and again where an answer
was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.client.cache import Cache as StoredCache
from gateway.client.client import Client as Gatewayed
from gateway.client.outbox import Outbox, Outcome
from tests.servers.filling import letter

from .client import SETTLING
from .fuzzer import FLAGS
from .line import Away, Wrong
from .reference import Reference

MOST = 3
"""Changes between two syncs."""
KEYWORDS = [flag.replace("\\", "$").lower() for flag in FLAGS]


class Writer(Reference):
    """What it changed is in the mailbox before it is compared: it has left nothing unsent by then."""

    _writes = True

    async def live(self, stop: asyncio.Event) -> None:
        self._writes = True
        await super().live(stop)
        self._writes = False
        deadline = asyncio.get_running_loop().time() + 2 * SETTLING
        while waiting := self._unsent():
            self.note(f"unsent: {waiting}")
            if asyncio.get_running_loop().time() > deadline:
                raise Wrong(f"what waits is not sent: {waiting}")
            try:
                await self._sync()
            except Away as away:
                self.note(f"away: {away}")
                await asyncio.sleep(0.1)

    def _unsent(self) -> list[str]:
        stored = StoredCache(self._path)
        try:
            waiting = Outbox(stored).waiting()
        finally:
            stored.close()
        return [
            f"{one.kind} {one.message} to {one.folder}, {one.tries} tries{', in doubt' if one.doubt else ''}"
            for one in waiting
        ]

    def _change(self, client: Gatewayed) -> None:
        folders = [folder["id"] for folder in client.folders() if folder.get("maySelect", True)]
        if not folders or not self._writes:
            return
        for _ in range(self.random.randrange(MOST + 1)):
            folder, to = self.random.choice(folders), self.random.choice(folders)
            messages = [message["id"] for message in client.messages(folder)]
            kind = self.random.choice(("store", "flag", "flag", "move", "copy", "delete")) if messages else "store"
            match kind:
                case "store":
                    self.did["stored"] += 1
                    client.store(to, letter(1_000_000 + self.did["stored"]), flags=self.random.sample(KEYWORDS, 1))
                case "flag":
                    added, removed = self.random.sample(KEYWORDS, 2)
                    client.flag(self.random.choice(messages), add=[added], remove=[removed])
                case "move":
                    client.move(self.random.choice(messages), to)
                case "copy":
                    client.copy(self.random.choice(messages), to)
                case "delete":
                    client.delete(self.random.choice(messages), permanent=self.random.random() < 0.5)

    def _became(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.note(f"{outcome.change.kind} {outcome.change.message}: {outcome.result} {outcome.problem or ''}")
            self.did[f"writes {outcome.result}"] += 1
            if outcome.problem is not None and "fault" in outcome.problem:
                raise Wrong(f"{outcome.change.kind}: {outcome.problem}")
