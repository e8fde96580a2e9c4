"""The Link header that leads to the next page (RFC 8288 section 3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from gateway.http.call import Call
from gateway.http.query import pairs


def next_link(call: Call[Any, Any], cursor: str | None) -> dict[str, str]:
    """The same request with another cursor, as a path; nothing where there is no next page."""
    if cursor is None:
        return {}
    return {"Link": _link(call.request.scope["path"], call.request.scope["query_string"], cursor)}


@lru_cache(maxsize=1024)
def _link(path: str, query: bytes, cursor: str) -> str:
    given = pairs(query) | {"cursor": cursor}
    return f'<{quote(path, safe="/@~")}?{urlencode(given, quote_via=quote)}>; rel="next"'
