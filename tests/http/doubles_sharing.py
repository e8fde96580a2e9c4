"""Doubles of the verbs that tell of rights and quota."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from gateway.accounts.account import Account
from gateway.mail.desk import Desk
from gateway.mail.permission import mailbox_rights
from gateway.mail.quota_level import AccountQuota
from gateway.mail.rights_resource import FolderRights, Grantable, RightsChange

SHARING_VERBS = MappingProxyType(
    {
        "sharing": ("get_rights", "get_grantable", "put_rights", "delete_rights"),
        "quota": ("get_quota",),
    }
)


class SharingVerbs:
    async def _called(self, name: str, *arguments: object) -> None:
        raise AssertionError(name)

    async def get_rights(self, desk: Desk, account: Account, ref: str) -> FolderRights:
        await self._called("get_rights", ref)
        return FolderRights(folder_id="f1", my_rights=mailbox_rights("lr"), entries=None)

    async def get_grantable(self, desk: Desk, account: Account, ref: str, who: str) -> Grantable:
        await self._called("get_grantable", ref, who)
        return Grantable(who=who, always="", tied=["l", "te"], rights=["mayRemoveItems"])

    async def put_rights(self, desk: Desk, account: Account, ref: str, who: str, change: RightsChange) -> FolderRights:
        await self._called("put_rights", ref, who, change)
        return FolderRights(folder_id="f1", my_rights=mailbox_rights("lra"), entries=[])

    async def delete_rights(self, desk: Desk, account: Account, ref: str, who: str) -> None:
        await self._called("delete_rights", ref, who)

    async def get_quota(self, desk: Desk, account: Account, ref: str, thresholds: Sequence[int]) -> AccountQuota:
        await self._called("get_quota", ref, tuple(thresholds))
        return AccountQuota(folder_id="f1", resources=[])
