"""Accounts that all have the same mail: one is filled, the others are copies of its files, UIDs included."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from bench.letters import Mailbox
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, fill


def alike(server: Dovecot, count: int, mailbox: Mailbox, *, without: str = "") -> tuple[str, ...]:
    """The names of ``count`` guests. ``without``: a pattern of files that are not copied."""
    names = tuple(server.guest()[0] for _ in range(count))
    client = server.client(names[0])
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each literal waits for 40 ms
    fill(client, "INBOX", mailbox.count - len(mailbox.newest), seed=50)
    append(client, "INBOX", mailbox.page())
    client.logout()
    first = server.home(names[0])
    for name in names[1:]:
        shutil.copytree(first, server.home(name), ignore=shutil.ignore_patterns(without) if without else None)
        _own_as(first, server.home(name))
    return names


def _own_as(model: Path, tree: Path) -> None:
    owner = model.stat()
    if owner.st_uid != os.getuid():
        for path in (tree, *tree.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
