"""The closed set of events that a stream carries (WHATWG HTML section 9.2, server-sent events)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import Changes, FolderChanges, Id, Resource

ResyncReason = Literal["overflow", "rebuilt", "gone"]
Reason = Literal[
    "drain", "token-expired", "account-removed", "folder-gone", "upstream-refused", "upstream-failed", "close-after"
]
Mode = Literal["notify", "idle", "sweep", "poll"]


class WatchedFolder(Resource, kw_only=True, frozen=True):
    """How one folder is watched."""

    folder_id: Id
    mode: Annotated[
        Mode, Meta(description="the server tells of it (NOTIFY, IDLE), or it is looked at every `pollSeconds`")
    ]
    poll_seconds: float | None = None
    state: Annotated[
        str | None, Meta(description="where the stream begins; null: all of the folder's messages are to come")
    ]


class Hello(Resource, kw_only=True, frozen=True):
    """First event of a stream: what is watched and how."""

    watching: list[WatchedFolder]
    folder_events: Annotated[
        Literal["notify", "sweep", "poll"] | None,
        Meta(description="how the folder list is watched; null: it is not, for `folders` names some"),
    ] = None
    heartbeat_seconds: float


class Resync(Resource, kw_only=True, frozen=True):
    """The client must read the folder again from ``since`` (null: from scratch)."""

    folder_id: Id
    since: str | None
    reason: ResyncReason


class Bye(Resource, kw_only=True, frozen=True):
    """Last event of a stream."""

    reason: Reason
    retry: Annotated[int, Meta(description="milliseconds to wait before reconnecting, jittered")]


Event = Hello | Changes | FolderChanges | Resync | QuotaNews | Bye
