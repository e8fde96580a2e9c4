"""The gateway's API, by a client that finds out by itself what there is to ask for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPSConnection
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from bench.letters import PAGE
from bench.work import Work, WrongAnswer

PAGE_PATH = f"/folders/inbox/messages?limit={PAGE}"
LARGE = 256_000  # octets of a part that is worth measuring


class GatewayApi:
    """``headers`` gives each account's request headers, by its number.

    ``forgetful`` is the URL of a gateway that remembers no summaries, so that each page is its first.
    """

    name = "gateway"

    def __init__(self, url: str, headers: Callable[[int], Mapping[str, str]], forgetful: str | None = None) -> None:
        self._url, self._headers, self._forgetful = url, headers, forgetful

    def client(self, number: int) -> GatewayClient:
        return GatewayClient(self._url, self._headers(number), self._forgetful)


class GatewayClient:
    """``can`` tells what there is in the mailbox to be measured with."""

    def __init__(self, url: str, headers: Mapping[str, str], forgetful: str | None = None) -> None:
        self._service = _Service(url, headers)
        self._forgetful = _Service(forgetful, headers) if forgetful else None
        self._flagged = False
        self._etag: str | None = None
        first = self._json("GET", PAGE_PATH)["messages"]
        self._shown = len(first)
        large = max(first, key=lambda each: int(each["size"]), default=None)
        self._letters = [each["id"] for each in first if each is not large] or [each["id"] for each in first]
        self._next = cycle(self._letters)
        self._part, self._part_octets = self._largest_part(large["id"]) if large else (None, 0)

    @property
    def can(self) -> frozenset[Work]:
        able = {Work.PAGE, Work.SAME, *((Work.MESSAGE, Work.BODY, Work.FLAG) if self._letters else ())}
        return frozenset(able | ({Work.PART} if self._part else set()) | ({Work.FIRST} if self._forgetful else set()))

    def do(self, work: Work) -> None:
        match work:
            case Work.FIRST:
                self._page(self._forgetful or self._service)
            case Work.PAGE:
                self._page(self._service)
            case Work.SAME:
                self._etag = self._service.unchanged(PAGE_PATH, self._etag)
            case Work.MESSAGE:
                message = next(self._next)
                _expect(self._json("GET", f"/messages/{message}")["id"] == message)
            case Work.BODY:
                body = self._json("GET", f"/messages/{next(self._next)}/body")
                _expect(body["text"] is not None or body["html"] is not None)
            case Work.PART:
                _expect(len(self._ask("GET", self._part or "")) == self._part_octets)
            case Work.FLAG:
                self._flagged = not self._flagged
                verb = "PUT" if self._flagged else "DELETE"
                answer = self._json(verb, f"/messages/{self._letters[-1]}/flags/$flagged")
                _expect(("$flagged" in answer["flags"]) is self._flagged)

    def close(self) -> None:
        self._service.close()
        if self._forgetful:
            self._forgetful.close()

    def _page(self, service: _Service) -> None:
        page = json.loads(service.ask("GET", PAGE_PATH))
        _expect(len(page["messages"]) == self._shown)

    def _largest_part(self, message: str) -> tuple[str | None, int]:
        """The path of a part that is large, and how many octets it has."""
        stack = [self._json("GET", f"/messages/{message}")["bodyStructure"]]
        leaves: list[dict[str, Any]] = []
        while stack:
            part = stack.pop()
            if part is not None:
                stack += part["subParts"]
                leaves += [part] if part["href"] else []
        best = max(leaves, key=lambda part: int(part["size"]), default=None)
        if best is None or best["size"] < LARGE:
            return None, 0
        path = f"/messages/{message}/parts/{best['partId']}"
        return path, len(self._ask("GET", path))

    def _json(self, method: str, path: str) -> Any:
        return json.loads(self._ask(method, path))

    def _ask(self, method: str, path: str) -> bytes:
        return self._service.ask(method, path)


class _Service:
    """One kept connection to the caller's own account."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._http = kind(parts.hostname or "localhost", parts.port, timeout=60)
        self._base = f"{parts.path.rstrip('/')}/v1/accounts/me"
        self._headers = dict(headers)

    def close(self) -> None:
        self._http.close()

    def unchanged(self, path: str, etag: str | None) -> str:
        """Asks whether what ``etag`` is of is the same still, which it must be; without one, for one."""
        extra = {"If-None-Match": etag} if etag else {}
        self._http.request("GET", self._base + path, headers=self._headers | extra)
        answer = self._http.getresponse()
        answer.read()
        if answer.status != (304 if etag else 200):
            raise WrongAnswer(f"{path.partition('?')[0]} was answered {answer.status}")
        return answer.headers["ETag"]

    def ask(self, method: str, path: str) -> bytes:
        self._http.request(method, self._base + path, headers=self._headers)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise WrongAnswer(f"{method} {path.partition('?')[0]} was answered {answer.status}: {body[:200]!r}")
        return body


def _expect(held: bool) -> None:
    if not held:
        raise WrongAnswer("the gateway's answer lacks what was asked for")
