"""MIME parameters: RFC 2231 continuations and charsets, RFC 2047 words in their place, and raw 8-bit.

::

    regular-parameter  = name ["*" section] "=" value                       RFC 2231 section 7
    extended-parameter = name "*" [section "*"] "=" charset "'" [language] "'" *(%HH / attribute-char)
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from gateway.message.charset import codec_of, decode
from gateway.message.part import PartLike
from gateway.message.words import clean_text, decode_words

MAX_SECTIONS = 200  # continuations of one parameter
MAX_OCTETS = 8192  # of a value as a whole


def parameter(params: Mapping[str, bytes], name: str) -> str | None:
    """The value of ``name`` (lower case) as text without control characters; None where there is none.

    A continued or extended form wins over a plain one (RFC 2231 section 4); never raises.
    """
    sections = _sections(params, name)
    if sections:
        return _extended(sections)
    value = params.get(name)
    if value is None:
        return None
    if b"''" in value[:40] and b"%" in value and codec_of(_ascii(value.partition(b"'")[0])):
        return _extended([(value, True)])  # an extended value under a plain name
    return decode_words(value, MAX_OCTETS)


def _sections(params: Mapping[str, bytes], name: str) -> list[tuple[bytes, bool]]:
    """(value, extended) in order: ``name*``, or ``name*0`` / ``name*0*`` and what follows without a hole."""
    single = params.get(name + "*")
    if single is not None:
        return [(single, True)]
    found: list[tuple[bytes, bool]] = []
    start = 0 if f"{name}*0" in params or f"{name}*0*" in params else 1  # some senders count from one
    for number in range(start, start + MAX_SECTIONS):
        extended = params.get(f"{name}*{number}*")
        plain = params.get(f"{name}*{number}")
        value = plain if extended is None else extended
        if value is None:
            break
        found.append((value, extended is not None))
    return found


def _extended(sections: list[tuple[bytes, bool]]) -> str:
    first, extended = sections[0]
    label: str | None = None
    if extended and first.count(b"'") >= 2:
        charset, _, rest = first.partition(b"'")
        label = _ascii(charset)
        sections = [(rest.partition(b"'")[2], True), *sections[1:]]
    octets = b"".join(unquote_to_bytes(value) if coded else value for value, coded in sections)[:MAX_OCTETS]
    if label is None and b"=?" in octets:
        return decode_words(octets, MAX_OCTETS)
    return clean_text(decode(octets, label).text.replace("\r", "").replace("\n", " "))


def _ascii(raw: bytes) -> str:
    return raw[:64].decode("ascii", "replace")


def file_name(part: PartLike) -> str | None:
    """The name that the message gives the part (RFC 8621 section 4.1.4 ``name``): as said, not yet safe as a file."""
    for params, key in ((part.disposition_params, "filename"), (part.params, "name"), (part.params, "filename")):
        if [said for said in params if said.startswith(key)]:
            name = parameter(params, key)
            if name:
                return name
    return None


def charset_label(part: PartLike) -> str | None:
    """The charset parameter in lower case; None where there is none."""
    return (parameter(part.params, "charset") or "").strip("\"' ").lower() or None
