"""The streams of one account: what each wants, and which of them are seated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Set

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.imap.name import MailboxName
from gateway.live.mark import Mark, Scope
from gateway.live.stream import Stream


class Wanted(Struct, frozen=True):
    """What a stream wants: some folders, or (None) all of the account. ``account``: with its own credential."""

    account: Account
    names: tuple[MailboxName, ...] | None

    @property
    def scope(self) -> Scope:
        if self.names is None:
            return "whole"
        return "one" if len(self.names) == 1 else "some"


class Members:
    """A stream is a member as soon as it wants something, and is told of changes once it is seated."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._wanted: dict[Stream, Wanted] = {}
        self._seated: dict[Stream, None] = {}
        self._named: Counter[MailboxName] = Counter()
        self._whole = 0

    def add(self, stream: Stream, wanted: Wanted) -> None:
        self._wanted[stream] = wanted
        self._named.update(wanted.names or ())
        self._whole += wanted.names is None

    def seat(self, stream: Stream, mark: Mark) -> None:
        """One that is in step with another shares its mark."""
        stream.mark = next((other.mark for other in self._seated if other.mark.same(mark)), mark)
        self._seated[stream] = None

    def remove(self, stream: Stream) -> None:
        wanted = self._wanted.pop(stream, None)
        if wanted is not None:
            self._whole -= wanted.names is None
            for name in wanted.names or ():
                self._named[name] -= 1
                if not self._named[name]:
                    del self._named[name]
        self._seated.pop(stream, None)

    def credential(self) -> Account:
        """The one that lasts longest: a stream that leaves must not take the others' connection with it."""
        accounts = [wanted.account for wanted in self._wanted.values()]
        return max((*accounts, self._account), key=lambda account: account.lasts_until or float("inf"))

    def named(self) -> Set[MailboxName]:
        """The folders that any stream wants by name."""
        return self._named.keys()

    def wants(self, folders: Container[MailboxName]) -> Callable[[MailboxName | None], bool]:
        """Whether any stream wants a folder; None: the list of them, and so all that are in it (``folders``)."""
        named, whole = self.named(), self._whole > 0
        return lambda name: name in named or (whole and (name is None or name in folders))

    def seated(self, name: MailboxName) -> list[Stream]:
        """Those that know this folder."""
        return [stream for stream in self._seated if stream.mark.watches(name)]

    def by_name(self, name: MailboxName) -> list[Stream]:
        """Those of them that named it."""
        return [stream for stream in self.seated(name) if stream.mark.scope != "whole"]

    def whole(self) -> list[Stream]:
        """Those of the whole account."""
        return [stream for stream in self._seated if stream.mark.scope == "whole"]

    def __iter__(self) -> Iterator[Stream]:
        return iter(tuple(self._wanted))

    def __len__(self) -> int:
        return len(self._wanted)
