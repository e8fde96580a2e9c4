"""Random requests of many users at once, by clients that leave when they like, over connections that are cut."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.servers.faultproxy import FaultProxy

from .caller import Caller, Reply
from .owners import MARK, Owner

# 404 and 409: moved meanwhile, or there already; 410: another user's id; 416: a range beyond a small message.
TRANSIENT = {"upstream-lost", "upstream-unreachable", "upstream-timeout", "unavailable", "write-in-doubt"}
EXPECTED = {200, 206, 404, 409, 410, 416}
STRIKE_EVERY, OUTAGE_EVERY, OUTAGE_LASTS = 25, 3000, 30  # requests
SPARED = 5  # connections: after an outage one alone tries first, and would be struck each time
LEAVE = 0.15
PACE = 0.4
_NUMBER = re.compile(rb"^X-Number: ([0-9]+)\r$", re.MULTILINE)
_LINE = re.compile(rb"line of ~guest[0-9]+~ ([0-9]{4})")


@dataclass(frozen=True)
class Ask:
    """One request, and how its answer shows whose it is."""

    kind: str
    method: str
    path: str
    value: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    names_owner: bool = True


@dataclass
class Tally:
    """What came of it all. ``mismatches`` and ``unexpected`` must stay empty."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    left: int = 0
    cut_answers: int = 0
    strikes: int = 0
    proven: int = 0
    mismatches: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)


@dataclass
class Mailbox:
    """What is known of one user's messages; ids go out of date as other requests move them."""

    owner: Owner
    headers: Mapping[str, str]
    ids: list[str] = field(default_factory=list)
    cursor: str | None = None


class Load:
    """``workers`` connections, each used by all users in turn; every choice is made by ``seed``."""

    def __init__(self, port: int, boxes: Sequence[Mailbox], proxy: FaultProxy, seed: int, *, spare: str) -> None:
        self._port, self._boxes, self._proxy, self._spare = port, boxes, proxy, spare
        self._seed = seed
        self._random = Random(seed)
        self._left = 0
        self._cutting = False
        self._outage = 0
        self.tally = Tally()

    async def run(self, requests: int, *, workers: int, cutting: bool) -> Tally:
        """A fresh tally of so many requests."""
        self.tally, self._left, self._cutting = Tally(), requests, cutting
        async with asyncio.TaskGroup() as group:
            for number in range(workers):
                group.create_task(self._work(Random(f"{self._seed}/{number}/{requests}")))
        self._proxy.refuse = False
        return self.tally

    async def _work(self, random: Random) -> None:
        async with Caller(self._port, {}) as caller:
            while self._left > 0:
                self._left -= 1
                self._strike()
                box = random.choice(self._boxes)
                if await self._one(caller, box, self._choose(random, box), random):
                    await asyncio.sleep(PACE)  # a client that is asked to come back later does so, if sooner

    def _strike(self) -> None:
        """Cut a connection now and then, and at times all of them, with nobody answering for a while."""
        if not self._cutting:
            return
        self._outage -= 1
        if self._left % OUTAGE_EVERY == OUTAGE_EVERY // 2:
            self._outage, self._proxy.refuse = OUTAGE_LASTS, True
            self.tally.strikes += self._proxy.connections
            self._proxy.reset_all()
        elif self._outage == 0:
            self._proxy.refuse = False
        elif self._left % STRIKE_EVERY == 0 and len(self._proxy.relays) > SPARED:
            self.tally.strikes += 1
            relay = self._random.choice(self._proxy.relays)
            self._random.choice((relay.close, relay.reset))()

    async def _one(self, caller: Caller, box: Mailbox, ask: Ask, random: Random) -> bool:
        """Whether the client was asked to come back later."""
        self.tally.kinds[ask.kind] += 1
        leave = random.choice(("asked", "soon", "head", "body")) if random.random() < LEAVE else "never"
        got = bytearray()
        try:
            await caller.send(ask.method, ask.path, value=ask.value, headers={**box.headers, **ask.headers})
            if leave == "soon":
                await asyncio.sleep(random.random() * 0.02)
            head = await caller.head() if leave not in ("asked", "soon") else None
            if head is not None and leave != "head":
                async for piece in caller.pieces(head):
                    got += piece
                    if leave == "body":
                        break
        except (asyncio.IncompleteReadError, ConnectionError):
            caller.leave()
            self.tally.cut_answers += 1
            self._whose(box, ask, bytes(got))
            return False
        if leave != "never":
            caller.leave()
            self.tally.left += 1
        self._whose(box, ask, bytes(got))
        return head is not None and leave == "never" and self._judge(box, ask, Reply(head, bytes(got)))

    def _whose(self, box: Mailbox, ask: Ask, content: bytes) -> None:
        foreign = {name.decode() for name in MARK.findall(content)} - {box.owner.name}
        if foreign:
            self.tally.mismatches.append(f"{ask.kind} of {box.owner.name} tells of {sorted(foreign)}")

    def _judge(self, box: Mailbox, ask: Ask, reply: Reply) -> bool:
        self.tally.statuses[reply.status] += 1
        if reply.status in EXPECTED:
            if reply.status < 300 and ask.names_owner:
                self._prove(box, ask, reply)
            self._learn(box, ask, reply)
            return False
        kind = str(reply.json().get("type", "")).rpartition("/")[2]
        self.tally.problems[kind] += 1
        if not self._cutting or reply.status < 502 or kind not in TRANSIENT:
            self.tally.unexpected.append(f"{ask.kind}: {reply.status} {reply.content[:300]!r}")
        return reply.status >= 500

    def _prove(self, box: Mailbox, ask: Ask, reply: Reply) -> None:
        """The answer is the owner's: it says so, and where the whole content is known it is that."""
        self.tally.proven += 1
        if box.owner.mark.encode() not in reply.content:
            self.tally.mismatches.append(f"{ask.kind} of {box.owner.name} does not name it: {reply.content[:200]!r}")
        number = {"raw": _NUMBER, "part": _LINE}.get(ask.kind)
        if number is not None:
            found = number.search(reply.content)
            stored = box.owner.messages[int(found[1])] if found else b""
            whole = reply.content == stored if ask.kind == "raw" else reply.content.rstrip() in stored
            if not stored or not whole:
                self.tally.mismatches.append(f"{ask.kind} of {box.owner.name} is not what was stored")

    def _learn(self, box: Mailbox, ask: Ask, reply: Reply) -> None:
        if ask.kind == "page" and reply.status == 200:
            value = reply.json()
            box.ids = [message["id"] for message in value["messages"]] + box.ids[:20]
            box.cursor = value.get("nextCursor")
        elif ask.kind == "move" and reply.status == 200 and reply.json()["id"]:
            box.ids.insert(0, reply.json()["id"])
        elif reply.status == 404:
            box.ids = [known for known in box.ids if known not in ask.path]

    def _choose(self, random: Random, box: Mailbox) -> Ask:
        folder = random.choice(("inbox", "inbox", self._spare))
        if not box.ids or random.random() < 0.2:
            return self._page(random, box, folder)
        # now and then an id that another user was given: it means at most the asking user's own message
        of = random.choice(self._boxes) if random.random() < 0.05 else box
        at = f"/messages/{random.choice(of.ids or box.ids)}"
        match random.randrange(14):
            case 0 | 1:
                return Ask("message", "GET", at)
            case 2 | 3:
                return Ask("body", "GET", f"{at}/body")
            case 4 | 5:
                return Ask("raw", "GET", f"{at}/raw")
            case 6:
                start = random.randrange(200_000)
                span = {"Range": f"bytes={start}-{start + random.randrange(1, 50_000)}"}
                return Ask("range", "GET", f"{at}/raw", headers=span, names_owner=False)
            case 7 | 8:
                return Ask("part", "GET", f"{at}/parts/2")
            case 9:
                return Ask("flags", "GET", f"{at}/flags")
            case 10:
                change = random.choice(({"add": ["$flagged"]}, {"remove": ["$flagged"]}, {"add": ["$seen"]}))
                return Ask("change", "PATCH", f"{at}/flags", value=change)
            case 11:
                return Ask("move", "POST", f"{at}/move", value={"folder": folder}, names_owner=False)
            case 12:
                return Ask("folders", "GET", "/folders")
            case _:
                return self._search(random, box, folder)

    def _page(self, random: Random, box: Mailbox, folder: str) -> Ask:
        path = f"/folders/{folder}/messages?limit={random.randrange(1, 9)}"
        if box.cursor and random.random() < 0.3:
            path += f"&cursor={box.cursor}"  # of the other folder, maybe: a position is a position
        return Ask("page", "GET", path, names_owner=False)

    def _search(self, random: Random, box: Mailbox, folder: str) -> Ask:
        of = random.choice(self._boxes).owner.mark if random.random() < 0.5 else box.owner.mark
        term = random.choice(("flagged=true", "unseen=true", f"subject={of}", f"text={of}", f"from={of}"))
        return Ask("search", "GET", f"/folders/{folder}/messages?{term}", names_owner=False)
