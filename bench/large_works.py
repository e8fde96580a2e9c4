"""What is measured on large mail: each work is one thing that a person waits for, and its answer is looked at."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Final
from urllib.parse import urlsplit

from bench.large_mail import FILE_FOLDER, MANY_FOLDER, PAGE_FOLDER, PARTS_FOLDER, SEED, LargeMail
from bench.work import WrongAnswer

STRETCH: Final = 65_536
FOUND: Final = 50
_WORD: Final = 777 % SEED
_CHUNK: Final = 1 << 20
_MOST_PAGES: Final = 40
_ACCOUNT: Final = "/v1/accounts/me"


class LargeClient:
    """One kept connection to one gateway; ``part`` is the path of the large file.

    Methods raise WrongAnswer where an answer is not what it must be.
    """

    def __init__(self, url: str, headers: Mapping[str, str], mail: LargeMail) -> None:
        parts = urlsplit(url)
        self._http = HTTPConnection(parts.hostname or "localhost", parts.port, timeout=60)
        self._headers, self._mail = dict(headers), mail
        folders = self._json("GET", "/folders")["folders"]
        self._folders: dict[str, str] = {each["name"]: each["id"] for each in folders}
        self._letter = self._only(PARTS_FOLDER)
        self._part = f"/messages/{self._only(FILE_FOLDER)}/parts/2"
        self.part = f"{_ACCOUNT}{self._part}"
        whole = 0
        for _ in range(mail.sizes.file):
            whole = zlib.crc32(mail.block, whole)
        self._checksum = whole

    def close(self) -> None:
        self._http.close()

    def body(self) -> None:
        value = json.dumps(self._json("GET", f"/messages/{self._letter}/body"))
        _expect(all(self._mail.said(number) in value for number in range(1, self._mail.sizes.parts + 1, 2)))

    def page(self) -> None:
        path = f"/folders/{self._folders[PAGE_FOLDER]}/messages?limit={self._mail.sizes.page}&preview=true"
        messages = self._json("GET", path)["messages"]
        _expect(len(messages) == self._mail.sizes.page)
        _expect(all(each["preview"].startswith("Letter ") and each["hasAttachment"] for each in messages))

    def unseen(self) -> None:
        found = self._search({"notKeyword": "$seen"})
        _expect(len(found) == min(FOUND, self._mail.sizes.messages // 100))
        _expect(not any("$seen" in each["flags"] for each in found))

    def subject(self) -> None:
        self._expect_word(self._search({"subject": f'"message {_WORD}"'}))

    def text(self) -> None:
        self._expect_word(self._search({"text": f'"body {_WORD}"'}))

    def whole(self) -> None:
        answer = self._ask("GET", self._part, expected=200)
        octets = checksum = 0
        while piece := answer.read(_CHUNK):
            octets, checksum = octets + len(piece), zlib.crc32(piece, checksum)
        _expect((octets, checksum) == (self._mail.file_octets, self._checksum))

    def stretch(self) -> None:
        begin, octets = self._mail.middle(STRETCH)
        wanted = {"Range": f"bytes={begin}-{begin + STRETCH - 1}"}
        _expect(self._ask("GET", self._part, headers=wanted, expected=206).read() == octets)

    def _expect_word(self, found: list[Any]) -> None:
        _expect(len(found) == min(FOUND, self._mail.sizes.messages // SEED))
        _expect(all(each["subject"] == f"message {_WORD}" for each in found))

    def _search(self, condition: Mapping[str, str]) -> list[Any]:
        """The first fifty that are found, through as many pages as it takes."""
        asked: dict[str, object] = {"filter": condition, "folders": [self._folders[MANY_FOLDER]], "limit": FOUND}
        found: list[Any] = []
        for _ in range(_MOST_PAGES):
            answer = self._json("POST", "/search", asked)
            found += answer["messages"]
            if len(found) >= FOUND or answer["nextCursor"] is None:
                return found[:FOUND]
            asked["cursor"] = answer["nextCursor"]
        raise WrongAnswer("a search has no end")

    def _only(self, folder: str) -> str:
        messages = self._json("GET", f"/folders/{self._folders[folder]}/messages?limit=1")["messages"]
        return str(messages[0]["id"])

    def _json(self, method: str, path: str, value: object = None) -> Any:
        return json.loads(self._ask(method, path, value, expected=200).read())

    def _ask(
        self, method: str, path: str, value: object = None, *, headers: Mapping[str, str] | None = None, expected: int
    ) -> HTTPResponse:
        body = None if value is None else json.dumps(value).encode()
        kind = {"Content-Type": "application/json"} if body else {}
        self._http.request(method, f"{_ACCOUNT}{path}", body, {**self._headers, **kind, **(headers or {})})
        answer = self._http.getresponse()
        if answer.status != expected:
            raise WrongAnswer(f"{method} {path.partition('?')[0]} was answered {answer.status}: {answer.read(200)!r}")
        return answer


Do = Callable[[], None]


def _expect(held: bool) -> None:
    if not held:
        raise WrongAnswer("the gateway's answer lacks what was asked for")
