"""The demo's mailbox: its folders, and the samples put in them by age."""

from __future__ import annotations

from datetime import datetime

from gateway.demo.imapd.folder import Store
from gateway.demo.mail.arrivals import WEATHER_FOLDER, weather_log
from gateway.demo.mail.compose import Sample, compose
from gateway.demo.mail.letters import PROJECT, letters
from gateway.demo.mail.newsletters import newsletters
from gateway.demo.mail.world import JAPANESE_FOLDER, world
from gateway.imap.name import MailboxName

_USES = {
    "Archive": b"\\Archive",
    "Drafts": b"\\Drafts",
    "Junk": b"\\Junk",
    "Sent": b"\\Sent",
    "Trash": b"\\Trash",
}


def fill(store: Store, start: datetime) -> None:
    """Make the folders and put every sample in its place, oldest first, dated before ``start``."""
    for name, use in _USES.items():
        store.create(_wire(name), use)
    for name in (PROJECT, JAPANESE_FOLDER, WEATHER_FOLDER):
        store.create(_wire(name))
    samples = sorted(
        [*letters(start), *newsletters(), *world(), *weather_log()], key=lambda sample: sample.age, reverse=True
    )
    for number, sample in enumerate(samples, 1):
        deliver(store, sample, start - sample.age, serial=f"sample-{number}")


def deliver(store: Store, sample: Sample, received: datetime, *, serial: str) -> None:
    folder = store.get(_wire(sample.folder))
    if folder is None:
        raise LookupError(sample.folder)
    flags = [flag.encode() for flag in sample.flags]
    folder.append(compose(sample, sent=received, serial=serial), flags, received)


def _wire(name: str) -> bytes:
    return MailboxName.from_text(name).wire
