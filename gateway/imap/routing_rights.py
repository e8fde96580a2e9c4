"""Which command a response about rights or quota answers: by its mailbox or its quota root."""

from __future__ import annotations

from gateway.errors import ProtocolViolation
from gateway.imap.name import MailboxName
from gateway.imap.response import Acl, ListRights, MyRights, Quota, QuotaRoot, Response
from gateway.imap.routing import Claim, Want

MAX_ROOTS = 1000  # of one mailbox: real ones have one or two


class AclOf(Want):
    """GETACL; the last answer counts."""

    __slots__ = ("_had", "_name", "rights")

    def __init__(self, name: MailboxName) -> None:
        super().__init__()
        self._name = name
        self._had = False
        self.rights: dict[bytes, str] = {}

    def claim(self, response: Response) -> Claim:
        if type(response) is not Acl or response.name != self._name:
            return Claim.NONE
        return Claim.AGAIN if self._had else Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is Acl:
            self._had, self.rights = True, dict(response.rights)


class MyRightsOf(Want):
    """MYRIGHTS; the last answer counts."""

    __slots__ = ("_name", "rights")

    def __init__(self, name: MailboxName) -> None:
        super().__init__()
        self._name = name
        self.rights: str | None = None

    def claim(self, response: Response) -> Claim:
        if type(response) is not MyRights or response.name != self._name:
            return Claim.NONE
        return Claim.AGAIN if self.rights is not None else Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is MyRights:
            self.rights = response.rights


class RightsFor(Want):
    """LISTRIGHTS; one at a time, as servers give the identifier back in a spelling of their own."""

    __slots__ = ("_name", "found", "lane")

    def __init__(self, name: MailboxName) -> None:
        super().__init__()
        self.lane = "LISTRIGHTS"
        self._name = name
        self.found: ListRights | None = None

    def claim(self, response: Response) -> Claim:
        return Claim.MISSED if type(response) is ListRights and response.name == self._name else Claim.NONE

    def take(self, response: Response) -> None:
        if type(response) is ListRights:
            self.found = response


class QuotaOf(Want):
    """GETQUOTA."""

    __slots__ = ("_root", "quota")

    def __init__(self, root: bytes) -> None:
        super().__init__()
        self._root = root
        self.quota: Quota | None = None

    def claim(self, response: Response) -> Claim:
        if type(response) is not Quota or response.root != self._root:
            return Claim.NONE
        return Claim.AGAIN if self.quota is not None else Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is Quota:
            self.quota = response


class QuotaRootOf(Want):
    """GETQUOTAROOT: the roots of a mailbox, and a QUOTA of each.

    A QUOTA before the QUOTAROOT may be of a root that this mailbox does not have: it waits for the roots to be told.
    """

    __slots__ = ("_name", "_quotas", "roots")

    def __init__(self, name: MailboxName) -> None:
        super().__init__()
        self._name = name
        self._quotas: dict[bytes, Quota] = {}
        self.roots: tuple[bytes, ...] | None = None

    @property
    def quotas(self) -> list[Quota]:
        """Of the mailbox's roots, in their order; a root that nothing was told of has no limits."""
        return [self._quotas.get(root, Quota(root, {})) for root in dict.fromkeys(self.roots or ())]

    def claim(self, response: Response) -> Claim:
        if type(response) is QuotaRoot and response.name == self._name:
            return Claim.MISSED if self.roots is None else Claim.AGAIN
        if type(response) is Quota:
            if self.roots is None:
                return Claim.AGAIN
            if response.root in self.roots:
                return Claim.AGAIN if response.root in self._quotas else Claim.MISSED
        return Claim.NONE

    def take(self, response: Response) -> None:
        match response:
            case QuotaRoot(roots=roots):
                self.roots = roots
            case Quota(root):
                if len(self._quotas) >= MAX_ROOTS:
                    raise ProtocolViolation("the mail server tells of too many quota roots")
                self._quotas[root] = response
            case _:
                pass
