"""A client of an archive run that exports: it keeps what came whole, and where to go on."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Taken:
    """``messages`` by id, in order; ``batches``: what can be confirmed, with the hash of the octets that came."""

    messages: dict[str, bytes] = field(default_factory=dict)
    batches: list[dict[str, Any]] = field(default_factory=list)
    cursor: str | None = None
    last: dict[str, Any] = field(default_factory=dict)
    _open: tuple[str, bytearray] | None = None
    _confirmed: int = 0

    def line(self, text: str) -> None:
        said = json.loads(text)
        kinds = [kind for kind in ("message", "octets", "end", "exported") if kind in said]
        assert len(kinds) == 1, said
        match kinds[0]:
            case "message":
                assert self._open is None
                self._open = (said["message"]["id"], bytearray())
            case "octets":
                assert self._open is not None
                self._open[1].extend(base64.b64decode(said["octets"], validate=True))
            case "end":
                self._ended(said["end"])
            case _:
                self.last = said
                if "batch" in said:
                    self._batch(said["batch"])

    def cut(self) -> None:
        """The connection was lost: what did not come whole is dropped, and what was not told of is confirmed alone."""
        self._open = None

    def proof(self) -> dict[str, Any]:
        """All that came since the last call, as the client itself reckons."""
        new = list(self.messages.items())[self._confirmed :]
        self._confirmed = len(self.messages)
        digest = hashlib.sha256(b"".join(octets for _, octets in new)).hexdigest()
        return {"ids": [one for one, _ in new], "count": len(new), "sha256": digest}

    def _ended(self, end: dict[str, Any]) -> None:
        assert self._open is not None
        name, octets = self._open
        assert (end["id"], end["size"]) == (name, len(octets))
        assert end["sha256"] == hashlib.sha256(octets).hexdigest()
        assert name not in self.messages
        self.messages[name] = bytes(octets)
        self.cursor, self._open = end["cursor"], None

    def _batch(self, batch: dict[str, Any]) -> None:
        octets = b"".join(self.messages[one] for one in batch["ids"])
        assert (batch["count"], batch["sha256"]) == (len(batch["ids"]), hashlib.sha256(octets).hexdigest())
        self.batches.append(batch)
