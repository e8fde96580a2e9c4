"""The server's NO."""

from __future__ import annotations


class Refused(Exception):
    """A tagged NO; the text may begin with a response code in brackets."""
