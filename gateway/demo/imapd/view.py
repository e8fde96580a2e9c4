"""What one session has been told of its selected folder, and what it has yet to be told."""

from __future__ import annotations

from gateway.demo.imapd.folder import Folder, Message
from gateway.demo.imapd.syntax import compact, ranges


class View:
    """Sequence numbers belong to a session: they change when it is told, not when the folder changes."""

    def __init__(self, folder: Folder, *, readonly: bool) -> None:
        self.folder = folder
        self.readonly = readonly
        self.uids = [message.uid for message in folder.messages]
        self._told = folder.modseq
        self._own: set[tuple[int, int]] = set()

    @property
    def largest_uid(self) -> int:
        return self.uids[-1] if self.uids else 0

    def numbered(self) -> list[tuple[int, Message]]:
        """The messages that are still there, by this session's sequence numbers."""
        present = {message.uid: message for message in self.folder.messages}
        return [(number, present[uid]) for number, uid in enumerate(self.uids, 1) if uid in present]

    def chosen(self, sequence: bytes, *, by_uid: bool) -> list[tuple[int, Message]]:
        spans = ranges(sequence, self.largest_uid if by_uid else len(self.uids))
        numbered = self.numbered()
        if by_uid:
            return [(n, message) for n, message in numbered if any(low <= message.uid <= high for low, high in spans)]
        return [(n, message) for n, message in numbered if any(low <= n <= high for low, high in spans)]

    def own_change(self, message: Message) -> None:
        """This session made the change and is answered for it at once; it is not told again."""
        self._own.add((message.uid, message.modseq))

    def news(self, *, expunges: bool, vanished: bool, condstore: bool) -> list[bytes]:
        """The untagged lines that bring the session up to date (RFC 9051 section 7).

        ``expunges`` is false during FETCH, STORE and SEARCH by sequence number, whose numbers must not shift;
        ``vanished`` tells expunges by UID, as QRESYNC wants (RFC 7162 section 3.2.10).
        """
        lines: list[bytes] = []
        present = {message.uid: message for message in self.folder.messages}
        gone = [uid for uid in self.uids if uid not in present]
        if gone and expunges:
            if vanished:
                lines.append(b"* VANISHED " + compact(gone))
            else:
                numbers = [number for number, uid in enumerate(self.uids, 1) if uid not in present]
                lines += [b"* %d EXPUNGE" % number for number in reversed(numbers)]
            self.uids = [uid for uid in self.uids if uid in present]
        known = set(self.uids)
        fresh = [uid for uid in present if uid not in known]
        if fresh:
            self.uids += fresh
            lines.append(b"* %d EXISTS" % len(self.uids))
        for number, uid in enumerate(self.uids, 1):
            message = present.get(uid)
            if message and uid in known and message.modseq > self._told and (uid, message.modseq) not in self._own:
                lines.append(flags_line(number, message, condstore=condstore))
        self._told = self.folder.modseq
        self._own.clear()
        return lines


def flags_line(number: int, message: Message, *, condstore: bool, flags: bool = True) -> bytes:
    items = [b"UID %d" % message.uid]
    if flags:
        items.append(b"FLAGS (%b)" % b" ".join(sorted(message.flags)))
    if condstore:
        items.append(b"MODSEQ (%d)" % message.modseq)
    return b"* %d FETCH (%b)" % (number, b" ".join(items))
