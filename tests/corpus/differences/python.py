"""Where Python's ``email`` (compat32) reads a text otherwise, and why ours is as it is. By name of the case.

``docs/broken-mail.md`` says the same by kind.
"""

from __future__ import annotations

from collections.abc import Mapping

_BLANKS = "it puts blanks between an encoded word and text that touches it; we show what is there"
_CONTROLS = "control characters that were encoded are no text of a header: they would break lines elsewhere"
_LABELS = "it takes any codec of its own by its name; only charsets of mail are charsets here"
_WINDOWS = "what is said to be iso-8859-1 is windows-1252 in fact, as the Encoding Standard has it"
_FLOWED = "it leaves format=flowed as it is; we join the lines (RFC 3676 section 4)"
_FIRST = "it was asked for the first text part; ours is of all that are shown (RFC 8621 section 4.1.4)"
_NUL = "NUL is no character of mail (RFC 5322 section 4): it is dropped"
_QUOTED_PRINTABLE = "blanks at the end of a line are none of the text (RFC 2045 section 6.7, rule 3)"
_UNCLOSED = "it drops the last line break where the closing boundary is missing; servers keep it"

SUBJECT: Mapping[str, str] = {
    "subject: latin-1 that is windows-1252": _WINDOWS,
    "subject: charset that is a codec of another kind": _LABELS,
    "subject: word that never closes": "it shows the word as it is written; we read it to its end",
    "subject: word in quotes": _BLANKS,
    "subject: word touching text": _BLANKS,
    "subject: encoded NUL": _CONTROLS,
    "subject: encoded line break": _CONTROLS,
    "subject: encoded escape sequence": _CONTROLS,
    "subject: decomposed": "text of headers is in Normalization Form C here (RFC 8621 section 4.1.2.2)",
    "subject: raw iso-2022-jp": "it leaves escape sequences in the text; they are what raw ISO-2022-JP is known by",
    "subject: long beyond reason": "a subject is read up to 16,384 octets",
    "message: NUL in a header": _NUL,
    "message: bare return in a header": "it ends a line at a bare carriage return; mail servers do not",
    "message: subject twice": "it takes the first; the last one counts (RFC 8621 section 4.1.3)",
}
BODY: Mapping[str, str] = {
    "message: mbox line with a mark": "it takes the line for the beginning of the text; mail servers pass over it",
    "body: charset \"utf-8\" of 'mark\\n'": "a byte order mark is no text",
    "body: charset iso-8859-1 of '“quoted” €\\n'": _WINDOWS,
    "body: charset unicode_escape of 'a\\\\u0041\\n'": _LABELS,
    "body: charset utf-8 of 'ab\\n'": _NUL,
    "body: NUL": _NUL,
    "body: quoted-printable with blanks after a soft break": _QUOTED_PRINTABLE,
    "body: quoted-printable with blanks at line ends": _QUOTED_PRINTABLE,
    "body: base64 in two pieces": "it stops at the first padding; we go on, as list footers are encoded by themselves",
    "body: base64 with one digit too many": "it gives up and shows the digits; we decode what can be, and say so",
    "body: flowed": _FLOWED,
    "body: flowed with delsp": _FLOWED,
    "body: flowed by another spelling": _FLOWED,
    "body: flowed quotes": _FLOWED,
    "body: flowed and stuffed": _FLOWED,
    "body: flowed in quoted-printable": _FLOWED,
    "structure: two texts": _FIRST,
    "structure: text, picture, text": _FIRST,
    "structure: a thousand wide": _FIRST,
    "structure: deeply nested": _UNCLOSED,
    "structure: fifty deep": _UNCLOSED,
}
