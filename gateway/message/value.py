"""A text part's octets to its text: transfer encoding, charset, line ends (RFC 8621 section 4.1.4 EmailBodyValue)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.message.charset import codec_of, decode
from gateway.message.parameter import charset_label
from gateway.message.part import PartLike
from gateway.message.transfer import decoder

_LOOK = 2048  # octets of HTML in which a meta element may name the charset; the HTML standard says 1024
_META = re.compile(rb"<meta[^>]{0,256}?charset\s{0,8}=\s{0,8}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


class TextValue(NamedTuple):
    """``problem``: something had to be guessed or replaced on the way."""

    text: str
    problem: bool


def text_value(encoded: bytes, part: PartLike, *, truncated: bool = False) -> TextValue:
    """The text of a part, with LF line ends and without NUL; never raises.

    ``truncated``: ``encoded`` is only the part's beginning, so what is incomplete at its end is dropped.
    """
    transfer = decoder(part.encoding)
    octets = transfer.feed(encoded)
    if not truncated:
        octets += transfer.finish()
    label = charset_label(part)
    if part.subtype == "html" and codec_of(label) in (None, "ascii"):
        label = _declared(octets) or label
    text, problem = decode(octets, label, truncated=truncated)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return TextValue(text, problem or transfer.problem)


def _declared(octets: bytes) -> str | None:
    """What a meta element says; it was readable as ASCII, so UTF-16 in it is taken for UTF-8 as browsers do."""
    match = _META.search(octets[:_LOOK])
    if match is None:
        return None
    label = match[1].decode("ascii")
    codec = codec_of(label)
    if codec is None:
        return None
    return "utf-8" if codec.startswith(("utf-16", "utf-32")) else label
