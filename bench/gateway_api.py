"""The gateway's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench.adapter import ApiClient, Page
from bench.letters import PAGE
from bench.service import Service

BASE = "/v1/accounts/me"
PAGE_PATH = f"/folders/inbox/messages?limit={PAGE}"


class GatewayApi:
    """``headers`` gives each account's request headers, by its number.

    ``forgetful`` is the URL of a gateway that remembers no summaries, so that each page is its first.
    """

    name = "gateway"

    def __init__(self, url: str, headers: Callable[[int], Mapping[str, str]], forgetful: str | None = None) -> None:
        self._url, self._headers, self._forgetful = url, headers, forgetful

    def client(self, number: int) -> ApiClient:
        headers = self._headers(number)
        forgetful = Service(self._forgetful, headers, BASE) if self._forgetful else None
        return ApiClient(GatewayAccount(Service(self._url, headers, BASE), forgetful))


class GatewayAccount:
    def __init__(self, service: Service, forgetful: Service | None) -> None:
        self._service, self._forgetful = service, forgetful
        self._etag: str | None = None

    def page(self) -> Page:
        return _page(self._service)

    @property
    def first(self) -> Callable[[], Page] | None:
        return partial(_page, self._forgetful) if self._forgetful else None

    def unchanged(self) -> bool:
        extra = {"If-None-Match": self._etag} if self._etag else {}
        answer, _ = self._service.exchange("GET", PAGE_PATH, None, extra, expected=304 if self._etag else 200)
        self._etag = answer.headers["ETag"]
        return self._etag is not None

    def message(self, message: str) -> bool:
        return bool(self._service.json("GET", f"/messages/{message}")["id"] == message)

    def body(self, message: str) -> bool:
        body = self._service.json("GET", f"/messages/{message}/body")
        return body["text"] is not None or body["html"] is not None

    def parts(self, message: str) -> Mapping[str, int]:
        stack = [self._service.json("GET", f"/messages/{message}")["bodyStructure"]]
        leaves: dict[str, int] = {}
        while stack:
            part = stack.pop()
            if part is not None:
                stack += part["subParts"]
                leaves |= {part["partId"]: int(part["size"])} if part["href"] else {}
        return leaves

    def part(self, message: str, part: str) -> int:
        return len(self._service.ask("GET", f"/messages/{message}/parts/{part}"))

    def flag(self, message: str, flagged: bool) -> bool:
        answer = self._service.json("PUT" if flagged else "DELETE", f"/messages/{message}/flags/$flagged")
        return ("$flagged" in answer["flags"]) is flagged

    def close(self) -> None:
        self._service.close()
        if self._forgetful:
            self._forgetful.close()


def _page(service: Service) -> Page:
    messages: Page = service.json("GET", PAGE_PATH)["messages"]
    return messages
