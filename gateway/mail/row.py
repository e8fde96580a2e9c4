"""A summary as it is sent: its JSON, made once, with places where the flags of the day and the preview go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from msgspec import UNSET, Struct
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from gateway.mail.resource import MessageSummary

_encode: Final = Encoder().encode
_decode: Final = Decoder(MessageSummary).decode
# No string before them holds a quote, and in one behind them a quote has a backslash before it.
_FLAGS: Final = b'"flags":['
_BEHIND: Final = b',"emailId":'


class Row(Struct, frozen=True, gc=False):
    """``text`` is the JSON without flags and preview, ``preview`` that member with the comma before it, or empty.

    ``size`` is the message's, in octets.
    """

    text: bytes
    flags_at: int
    preview_at: int
    preview: bytes
    size: int

    @classmethod
    def of(cls, summary: MessageSummary) -> Self:
        """Whatever flags it has are left out."""
        text = _encode(replace(summary, flags=[], preview=UNSET))
        preview = b"" if summary.preview is UNSET else b',"preview":' + _encode(summary.preview)
        return cls(text, text.index(_FLAGS) + len(_FLAGS), text.rindex(_BEHIND), preview, summary.size)

    @property
    def weight(self) -> int:
        """Octets of JSON, without flags."""
        return len(self.text) + len(self.preview)

    def json(self, flags: bytes, *, preview: bool) -> bytes:
        """The whole; ``flags`` as :func:`inner` gives them, ``preview``: it is shown if there is one."""
        text, at = self.text, self.flags_at
        if preview and self.preview:
            return b"".join((text[:at], flags, text[at : self.preview_at], self.preview, text[self.preview_at :]))
        return b"".join((text[:at], flags, text[at:]))

    def summary(self, flags: Sequence[str] = (), *, preview: bool = True) -> MessageSummary:
        """The value that it was made of, with these flags."""
        return _decode(self.json(inner(flags), preview=preview))


def inner(flags: Sequence[str]) -> bytes:
    """The JSON of flags without its brackets."""
    return _encode(flags)[1:-1]
