"""Octets in a named charset to text: what mail says and what it means by it.

The Encoding Standard's labels are followed where mail and the web agree: iso-8859-1 means windows-1252,
gb2312 means gb18030, ks_c_5601-1987 means cp949. Only text codecs are reachable, never ``zlib`` or ``unicode_escape``.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

MAX_LABEL = 64  # characters; no real label is longer

_LABEL_JUNK = re.compile(r"[^a-z0-9]")

# Label without punctuation -> Python codec. What is not here is unknown, whatever Python may know by that name.
_CODECS: dict[str, str] = {
    "usascii": "ascii", "ascii": "ascii", "ansix341968": "ascii", "ansix341986": "ascii", "iso646us": "ascii",
    "us": "ascii", "7bit": "ascii", "iso64irv1991": "ascii", "cp367": "ascii", "ibm367": "ascii", "646": "ascii",
    "iso646irv": "ascii",
    "utf8": "utf-8", "unicode11utf8": "utf-8", "cp65001": "utf-8", "65001": "utf-8", "utf8mb4": "utf-8",
    "unicode20utf8": "utf-8", "utf": "utf-8", "utf8n": "utf-8", "xutf8": "utf-8", "unicodeutf8": "utf-8",
    "utf7": "utf-7", "unicode11utf7": "utf-7", "xunicode20utf7": "utf-7", "csunicode11utf7": "utf-7",
    "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "ucs2": "utf-16", "iso10646ucs2": "utf-16",
    "unicode": "utf-16", "utf32": "utf-32", "utf32le": "utf-32-le", "utf32be": "utf-32-be", "ucs4": "utf-32",
    "iso88591": "cp1252", "iso885911987": "cp1252", "latin1": "cp1252", "l1": "cp1252", "isolatin1": "cp1252",
    "isoir100": "cp1252", "cp819": "cp1252", "ibm819": "cp1252", "windows1252": "cp1252", "cp1252": "cp1252",
    "ansi": "cp1252", "xansi": "cp1252", "1252": "cp1252", "xcp1252": "cp1252", "iso8859": "cp1252",
    "win1252": "cp1252", "iso885915": "iso8859-15", "iso8859151998": "iso8859-15", "latin9": "iso8859-15",
    "l9": "iso8859-15", "latin0": "iso8859-15",
    "iso88592": "iso8859-2", "iso885921987": "iso8859-2", "latin2": "iso8859-2", "l2": "iso8859-2",
    "iso88593": "iso8859-3", "latin3": "iso8859-3", "iso88594": "iso8859-4", "latin4": "iso8859-4",
    "iso88595": "iso8859-5", "cyrillic": "iso8859-5", "iso88596": "iso8859-6", "arabic": "iso8859-6",
    "iso88596i": "iso8859-6", "iso88596e": "iso8859-6", "iso88597": "iso8859-7", "greek": "iso8859-7",
    "iso88598": "iso8859-8", "iso88598i": "iso8859-8", "iso88598e": "iso8859-8", "hebrew": "iso8859-8",
    "logical": "iso8859-8", "visual": "iso8859-8", "iso88599": "cp1254", "latin5": "cp1254", "l5": "cp1254",
    "iso885910": "iso8859-10", "latin6": "iso8859-10", "iso885911": "cp874", "tis620": "cp874", "cp874": "cp874",
    "windows874": "cp874", "iso885913": "iso8859-13", "latin7": "iso8859-13", "iso885914": "iso8859-14",
    "latin8": "iso8859-14", "iso885916": "iso8859-16", "latin10": "iso8859-16",
    "gb2312": "gb18030", "gb231280": "gb18030", "gbk": "gb18030", "xgbk": "gb18030", "gb18030": "gb18030",
    "cp936": "gb18030", "windows936": "gb18030", "936": "gb18030", "euccn": "gb18030", "xeuccn": "gb18030",
    "csgb2312": "gb18030", "chinese": "gb18030", "gb": "gb18030", "hz": "hz", "hzgb2312": "hz",
    "iso2022cn": "gb18030", "big5": "big5hkscs", "big5hkscs": "big5hkscs", "big5eten": "big5hkscs",
    "cnbig5": "big5hkscs", "xxbig5": "big5hkscs", "csbig5": "big5hkscs", "cp950": "cp950", "windows950": "cp950",
    "950": "cp950",
    "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932", "mskanji": "cp932", "cp932": "cp932",
    "windows31j": "cp932", "windows932": "cp932", "shiftjisx0213": "shift_jisx0213", "932": "cp932",
    "csshiftjis": "cp932", "eucjp": "euc_jp", "xeucjp": "euc_jp", "ujis": "euc_jp", "iso2022jp": "iso2022_jp",
    "csiso2022jp": "iso2022_jp", "jis": "iso2022_jp", "iso2022jp1": "iso2022_jp_1", "iso2022jp2": "iso2022_jp_2",
    "iso2022jp3": "iso2022_jp_3", "iso2022jp2004": "iso2022_jp_2004", "iso2022jpms": "iso2022_jp",
    "cp50220": "iso2022_jp", "cp50221": "iso2022_jp",
    "ksc56011987": "cp949", "ksc56011989": "cp949", "ksc5601": "cp949", "euckr": "cp949", "xeuckr": "cp949",
    "korean": "cp949", "ks_c": "cp949", "cp949": "cp949", "uhc": "cp949", "windows949": "cp949", "949": "cp949",
    "ksc": "cp949", "cseuckr": "cp949", "iso2022kr": "iso2022_kr", "csiso2022kr": "iso2022_kr", "johab": "johab",
    "koi8r": "koi8-r", "koi8": "koi8-r", "koi": "koi8-r", "koi8u": "koi8-u", "koi8ru": "koi8-u", "koi8t": "koi8-t",
    "macintosh": "mac-roman", "mac": "mac-roman", "macroman": "mac-roman", "xmacroman": "mac-roman",
    "applemacintosh": "mac-roman", "xmaccyrillic": "mac-cyrillic", "xmacgreek": "mac-greek",
    "xmacturkish": "mac-turkish", "xmacce": "mac-latin2", "xmaccentraleurope": "mac-latin2",
    "ptcp154": "ptcp154", "kz1048": "kz1048", "hproman8": "hp-roman8",
    "viscii": "cp1258", "xviscii": "cp1258", "tcvn": "cp1258",
}  # fmt: skip
_CODECS |= {
    f"{prefix}{page}": f"cp{page}"
    for page in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)
    for prefix in ("cp", "ibm", "", "dos", "cspc")
}
_CODECS |= {
    f"{prefix}{page}": f"cp{page}"
    for page in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)
    for prefix in ("cp", "windows", "win", "", "xcp", "ms", "xwindows")
}

# A second try for octets that the first codec refuses.
_WIDER: dict[str, str] = {"big5hkscs": "cp950", "euc_jp": "euc_jis_2004", "iso2022_jp": "iso2022_jp_ext"}

_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Decoded(NamedTuple):
    """Text, and whether anything had to be guessed or replaced (RFC 8621 section 4.1.4 isEncodingProblem)."""

    text: str
    problem: bool


def codec_of(label: str | None) -> str | None:
    """The Python codec for a charset label as found in mail; None where the label is unknown or says nothing."""
    if label == "utf-8":  # the frequent case
        return label
    if not label or len(label) > MAX_LABEL:
        return None
    return _CODECS.get(_LABEL_JUNK.sub("", label.partition("*")[0].lower()))


def decode(data: bytes, label: str | None, *, truncated: bool = False) -> Decoded:
    """Decode ``data``; never raises, never yields a lone surrogate.

    ``truncated``: the data was cut, so an incomplete character at its end is dropped and is no problem.
    No label, ASCII that is none, and unknown labels are read as UTF-8 where that fits, else as windows-1252.
    """
    codec = codec_of(label)
    if codec is None:
        unlabelled = not label or not label.strip()
        decoded = _guess(data, truncated)
        return decoded if unlabelled else Decoded(decoded.text, True)
    if codec in ("ascii", "utf-8"):
        return _unicode(data, codec, truncated)
    if codec.startswith("utf-16") or codec == "utf-32":
        return _utf16(data, codec, truncated)
    for candidate in (codec, _WIDER.get(codec)):
        if candidate and (text := _try(data, candidate, truncated)) is not None:
            return _scrubbed(text, problem=False)
    return _scrubbed(data.decode(codec, "replace"), problem=True)


def _try(data: bytes, codec: str, truncated: bool) -> str | None:
    try:
        if truncated:
            return codecs.getincrementaldecoder(codec)("strict").decode(data, False)
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _unicode(data: bytes, codec: str, truncated: bool) -> Decoded:
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    text = _try(data, "utf-8", truncated)
    if text is not None:
        return Decoded(text, False)
    if codec == "ascii":
        return Decoded(_western(data), True)
    return Decoded(data.decode("utf-8", "replace"), True)


def _utf16(data: bytes, codec: str, truncated: bool) -> Decoded:
    if codec == "utf-16" and data[:2] not in _UTF16_BOMS:
        # No BOM: RFC 2781 says big endian, what is sent is little endian; and often it is no UTF-16 at all.
        if b"\0" not in data[:64]:
            return Decoded(_guess(data, truncated).text, True)
        codec = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    text = _try(data, codec, truncated)
    if text is not None:
        return _scrubbed(text.removeprefix("\ufeff"), problem=False)
    return _scrubbed(data.decode(codec, "replace"), problem=True)


def _guess(data: bytes, truncated: bool) -> Decoded:
    if data[:2] in _UTF16_BOMS and b"\0" in data[:64]:
        return _utf16(data, "utf-16", truncated)
    data = data.removeprefix(codecs.BOM_UTF8)
    text = _try(data, "utf-8", truncated)
    if text is not None:
        return Decoded(text, False)
    return Decoded(_western(data), True)


def _western(data: bytes) -> str:
    return data.decode("cp1252", "replace")


def _scrubbed(text: str, *, problem: bool) -> Decoded:
    """UTF-7 and UTF-16 can carry lone surrogates, which no JSON encoder takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return Decoded(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), True)
    return Decoded(text, problem)
