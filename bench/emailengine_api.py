"""EmailEngine's REST API, as its documentation tells it: accounts by name, and an access token of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from bench.adapter import ApiClient, Page
from bench.letters import PAGE
from bench.service import Service

PAGE_PATH = f"/messages?path=INBOX&pageSize={PAGE}"


class EmailEngineApi:
    """``account`` gives an account's name and request headers, by its number."""

    name = "EmailEngine"

    def __init__(self, url: str, account: Callable[[int], tuple[str, Mapping[str, str]]]) -> None:
        self._url, self._account = url, account

    def client(self, number: int) -> ApiClient:
        name, headers = self._account(number)
        return ApiClient(EmailEngineAccount(Service(self._url, headers, f"/v1/account/{quote(name)}")))


class EmailEngineAccount:
    first = None
    unchanged = None

    def __init__(self, service: Service) -> None:
        self._service = service
        self._texts: dict[str, str] = {}

    def page(self) -> Page:
        messages: Page = self._service.json("GET", PAGE_PATH)["messages"]
        self._texts = {each["id"]: each["text"]["id"] for each in messages if "text" in each}
        return messages

    def message(self, message: str) -> bool:
        return bool(self._service.json("GET", f"/message/{message}")["id"] == message)

    def body(self, message: str) -> bool:
        """A text has an id of its own, which the page told."""
        text = self._texts.get(message)
        body = self._service.json("GET", f"/text/{text}") if text else {}
        return bool(body.get("plain") or body.get("html"))

    def parts(self, message: str) -> Mapping[str, int]:
        attachments = self._service.json("GET", f"/message/{message}").get("attachments", ())
        return {each["id"]: int(each["encodedSize"]) for each in attachments}

    def part(self, message: str, part: str) -> int:
        return len(self._service.ask("GET", f"/attachment/{part}"))

    def flag(self, message: str, flagged: bool) -> bool:
        verb = "add" if flagged else "delete"
        answer = self._service.json("PUT", f"/message/{message}", {"flags": {verb: ["\\Flagged"]}})
        return bool(answer["flags"][verb])

    def close(self) -> None:
        self._service.close()
