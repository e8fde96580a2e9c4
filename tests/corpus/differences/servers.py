"""Where a server tells something else of a message, and what it does not take at all. Each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

Differences = Mapping[str, Mapping[str, object]]

_HEADER = "it takes no line in a header that is no field"
_BARE = "it takes no bare line feed"
_NUL = "it takes no NUL"

REFUSED: Mapping[str, Mapping[str, str]] = {
    "dovecot": {"message: empty message": "it takes no message of zero octets"},
    "cyrus": {
        "message: empty message": "it takes no message of zero octets",
        "message: header only without a line end": _HEADER,
        "message: no empty line": _HEADER,
        "message: mbox line with a mark": _HEADER,
        "message: line that is no field": _HEADER,
        "message: blank before the colon": _HEADER,
        "message: carriage returns only": _HEADER,
        "message: line feeds only": _BARE,
        "message: mixed line ends": _BARE,
        "message: NUL in a header": _NUL,
        "body: bare line feeds": _BARE,
        "body: NUL": _NUL,
    },
}

DIFFERENT: Mapping[str, Differences] = {
    "dovecot": {
        # It answers SYNTAX_ERROR for the domain: the part behind the "@" is not told.
        "people: bracket that never closes": {"from": [("Ann", "ann")]},
        # Its ENVELOPE has each of a hundred thousand empty addresses three times: 13 MB, of which nothing is read.
        "people: commas without end": {"subject": None, "problems": ["unreadable-envelope", "unreadable-fetch"]},
        # A literal may hold no NUL (RFC 9051 section 9), so it sends U+FFFD, and 0x80 in a body.
        "message: NUL in a header": {"subject": "a\ufffdb"},
        "body: NUL": {"text": "a\ufffdb\n", "encodingProblem": True, "bodyProblems": ["encoding-problem"]},
        # It sends a blank for a carriage return.
        "message: bare return in a header": {"subject": "a X-Injected: b"},
        # It tells the addresses of all From and of all To fields together.
        "message: from twice": {"from": [(None, "a@example.org"), (None, "b@example.org")]},
        "message: to twice": {"to": [(None, "a@example.org"), (None, "b@example.org")]},
    },
    "cyrus": {
        # It tells no domain that is not ASCII.
        "people: utf-8 address": {"from": [(None, "用户")]},
        # It stops reading headers for ENVELOPE behind a field that is this long.
        "people: more than a thousand": {"subject": None},
        # It cuts the names of sections in its answers after a hundred octets, so that no part so deep can be told.
        "structure: fifty deep": {"text": "", "bodyProblems": ["part-unreadable"]},
        # Its BODYSTRUCTURE has all thousand levels, more than are taken apart.
        "structure: a thousand deep": {"problems": ["unreadable-bodystructure"]},
    },
}
