"""Where a stream's client is, in each folder that it watches, once it has taken what waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap.name import MailboxName
from gateway.sync.account_state import AccountState, KnownFolder, is_account_state
from gateway.sync.state import FolderState

Scope: TypeAlias = Literal["one", "some", "whole"]


class Spot(Struct, frozen=True):
    """Where it is in one folder. ``state`` None: it has nothing of it.

    ``origin``: the folder was renamed, and it has the messages by the ids that they had under that name.
    """

    state: FolderState | None
    origin: MailboxName | None = None


class Mark:
    """Immutable, so that streams that are in step share one, and its token is written once for all of them.

    ``known``, by wire names, is what the token says. ``origins``: what no token can say; one that goes on from it is
    told all messages of those folders anew.
    """

    __slots__ = ("_token", "known", "origins", "scope")

    def __init__(
        self,
        scope: Scope,
        known: Mapping[bytes, KnownFolder],
        origins: Mapping[bytes, MailboxName] | None = None,
    ) -> None:
        self.scope: Scope = scope
        self.known = known
        self.origins = origins or {}
        self._token: str | None = None

    @classmethod
    def parse(cls, text: str, scope: Scope, names: tuple[MailboxName, ...]) -> Mark:
        """What ``since`` says of the folders of a stream: those that it does not name start from now.

        Raises InvalidRequest.
        """
        if scope == "one" and not is_account_state(text):
            return cls(scope, {names[0].wire: KnownFolder(state=FolderState.parse(text, field="since"))})
        if not is_account_state(text):
            FolderState.parse(text, field="since")
            raise InvalidRequest("a state is that of one folder; name that folder alone", field="since")
        state = AccountState.parse(text, field="since")
        if scope != "whole":
            wanted = {name.wire for name in names}
            return cls(scope, {wire: known for wire, known in state.folders.items() if wire in wanted and known.state})
        if not state.whole:
            raise InvalidRequest("a state of some folders only; name those folders", field="since")
        return cls(scope, state.folders)

    @property
    def token(self) -> str | None:
        """What ``since`` takes; None where there is nothing that it could say."""
        if self._token is None and self.known:
            self._token = self._encoded()
        return self._token

    def _encoded(self) -> str | None:
        if self.scope == "one":
            (only,) = self.known.values()
            return None if only.state is None else only.state.encode()
        known = {
            wire: folder if wire not in self.origins else KnownFolder(folder.subscribed, folder.selectable)
            for wire, folder in self.known.items()
        }
        return AccountState(self.scope == "whole", known).encode()

    @property
    def account(self) -> AccountState:
        return AccountState(self.scope == "whole", self.known)

    def watches(self, name: MailboxName) -> bool:
        return name.wire in self.known

    def spot(self, name: MailboxName) -> Spot | None:
        """None where the folder is not watched, or is none for messages."""
        known = self.known.get(name.wire)
        if known is None or not known.selectable:
            return None
        return Spot(known.state, self.origins.get(name.wire))

    def at(self, name: MailboxName, state: FolderState | None) -> Mark:
        """The same, with this folder there; the ids of its messages are told."""
        known = self.known.get(name.wire, KnownFolder())
        origins = {wire: old for wire, old in self.origins.items() if wire != name.wire}
        return Mark(
            self.scope,
            {**self.known, name.wire: KnownFolder(known.subscribed, known.selectable, state)},
            origins,
        )

    def without(self, name: MailboxName) -> Mark:
        return Mark(
            self.scope,
            {wire: known for wire, known in self.known.items() if wire != name.wire},
            self.origins,
        )

    def relisted(self, state: AccountState, renamed: Mapping[MailboxName, MailboxName]) -> Mark:
        """After a change of the folder list; ``renamed``: the old name by the new one."""
        origins = {wire: origin for wire, origin in self.origins.items() if wire in state.folders}
        for new, old in renamed.items():
            origins.pop(old.wire, None)
            origins[new.wire] = self.origins.get(old.wire, old)
        return Mark(self.scope, state.folders, origins)

    def same(self, other: Mark) -> bool:
        """Whether two say the same, so that one can stand for both."""
        return (self.scope, self.known, self.origins) == (other.scope, other.known, other.origins)
