"""What a stream is told first: which folders are watched, how, and from where it goes on."""

from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.live.event import Hello, Mode, WatchedFolder
from gateway.live.post import Post
from gateway.live.stream import Stream
from gateway.mail.address import id_of_folder
from gateway.settings.model import Live


def hello(post: Post, stream: Stream, live: Live) -> Hello:
    watching = []
    for wire, known in stream.mark.known.items():
        if known.selectable:
            name = MailboxName(wire)
            mode = post.mode(name)
            watching.append(
                WatchedFolder(
                    folder_id=id_of_folder(name),
                    mode=mode,
                    poll_seconds=_seconds(mode, live),
                    state=known.state.encode() if known.state is not None else None,
                )
            )
    way = post.main.ear.way if post.main.ear is not None else "poll"
    folder_events = None if stream.mark.scope != "whole" else "sweep" if way == "idle" else way
    return Hello(watching=watching, folder_events=folder_events, heartbeat_seconds=live.heartbeat_seconds)


def _seconds(mode: Mode, live: Live) -> float | None:
    if mode == "sweep":
        return live.sweep_seconds
    return live.poll_seconds if mode == "poll" else None
