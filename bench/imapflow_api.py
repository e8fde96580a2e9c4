"""The API of ``bench/imapflow/server.mjs``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from bench.adapter import ApiClient, Page
from bench.letters import PAGE
from bench.service import Service

PAGE_PATH = f"?limit={PAGE}"
_FLAG = quote("\\Flagged")


class ImapflowApi:
    """``account`` gives an account's name and request headers, by its number."""

    name = "imapflow"

    def __init__(self, url: str, account: Callable[[int], tuple[str, Mapping[str, str]]]) -> None:
        self._url, self._account = url, account

    def client(self, number: int) -> ApiClient:
        name, headers = self._account(number)
        return ApiClient(ImapflowAccount(Service(self._url, headers, f"/accounts/{quote(name)}/messages")))


class ImapflowAccount:
    """It remembers nothing of a page: each is the first."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def page(self) -> Page:
        messages: Page = self._service.json("GET", PAGE_PATH)["messages"]
        return messages

    first = page
    unchanged = None

    def message(self, message: str) -> bool:
        return bool(self._service.json("GET", f"/{message}")["id"] == message)

    def body(self, message: str) -> bool:
        body = self._service.json("GET", f"/{message}/body")
        return bool(body["text"] or body["html"])

    def parts(self, message: str) -> Mapping[str, int]:
        stack = [self._service.json("GET", f"/{message}")["bodyStructure"]]
        leaves: dict[str, int] = {}
        while stack:
            part = stack.pop()
            stack += part.get("childNodes", ())
            leaves |= {part["part"]: int(part["size"])} if "size" in part and "part" in part else {}
        return leaves

    def part(self, message: str, part: str) -> int:
        return len(self._service.ask("GET", f"/{message}/parts/{part}"))

    def flag(self, message: str, flagged: bool) -> bool:
        answer = self._service.json("PUT" if flagged else "DELETE", f"/{message}/flags/{_FLAG}")
        return ("added" if flagged else "removed") in answer

    def close(self) -> None:
        self._service.close()
