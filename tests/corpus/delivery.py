"""The corpus in a folder of a real server, and what the gateway says of each message, over HTTP."""

from __future__ import annotations

import imaplib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.blackbox.conftest import Site
from tests.corpus.case import Case
from tests.corpus.differences.servers import REFUSED
from tests.servers.cyrus import Cyrus

FOLDER = "Corpus"
PAGE = 50
_AT_ONCE = 4


@dataclass
class Reading:
    """``refused``: what the server said to messages it did not take. ``seen``: the others, as the gateway has them."""

    refused: dict[str, str] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: list[list[Any]] = field(default_factory=list)


def read(site: Site, corpus: Mapping[str, Case]) -> Reading:
    """Deliver all of ``corpus``, and read back pages, messages, bodies and the parts that cases look into."""
    user = site.guest()
    reading = Reading()
    taken: list[str] = []
    imap = site.imap(user)
    if isinstance(site.server, Cyrus):
        admin = site.server.client("cyrus", "cyruspw")
        admin.setquota(f"user/{user}", "(STORAGE 100000)")
        admin.logout()
    imap.create(FOLDER)
    welcome = [name for name in corpus if name not in REFUSED[site.name]]
    if append_all(imap, [corpus[name].octets for name in welcome]):
        taken += welcome
        welcome = []
    for name in [*welcome, *REFUSED[site.name]]:
        answer = append(imap, corpus[name].octets)
        if answer is None:
            taken.append(name)
        else:
            reading.refused[name] = answer
    imap.logout()
    base = f"{site.gateway.url}/v1/accounts/me"
    with httpx.Client(
        base_url=base, headers=site.gateway.headers(user, ttl=3000), timeout=60, trust_env=False, verify=False
    ) as http:
        reading.pages = list(pages(http))
        rows = [row for page in reading.pages for row in page]
        assert len(rows) == len(taken), f"{len(taken)} messages were delivered, the pages have {len(rows)}"

        def look(name: str, row: dict[str, Any]) -> dict[str, Any]:
            return seen(http, row, corpus[name])

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            reading.seen = dict(zip(taken, pool.map(look, taken, reversed(rows)), strict=True))
    return reading


def append_all(imap: imaplib.IMAP4, messages: Sequence[bytes]) -> bool:
    """All in one command (RFC 3502), which takes a fraction of the time; False: one was refused, so none was taken."""
    imap.send(b"all APPEND " + FOLDER.encode())
    for octets in messages:
        imap.send(b" {%d+}\r\n" % len(octets))
        imap.send(octets)
    imap.send(b"\r\n")
    while not (line := imap.readline()).startswith(b"all "):
        pass
    return line.startswith(b"all OK")


def append(imap: imaplib.IMAP4, octets: bytes) -> str | None:
    """APPEND exactly these octets (imaplib's own mends line ends); the server's words where it refuses them."""
    setattr(imap, "literal", octets)  # noqa: B010 - its type is said wrongly
    status, data = imap.xatom("APPEND", FOLDER)
    imap.untagged_responses.clear()
    answer = b" ".join(line for line in data if isinstance(line, bytes)).decode("ascii", "replace")
    return None if status == "OK" and "APPENDUID" in answer else answer


def pages(http: httpx.Client) -> Sequence[list[Any]]:
    found: list[list[Any]] = []
    folders = http.get("/folders").raise_for_status().json()["folders"]
    folder = next(each["id"] for each in folders if each["name"] == FOLDER)
    cursor: str | None = None
    while True:
        query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
        page = http.get(f"/folders/{folder}/messages", params=query).raise_for_status().json()
        found.append(page["messages"])
        cursor = page["nextCursor"]
        if cursor is None:
            return found


def seen(http: httpx.Client, row: dict[str, Any], case: Case) -> dict[str, Any]:
    """What cases speak of, under the names they use."""
    path = f"/messages/{row['id']}"
    answers = http.get(path), http.get(f"{path}/body")
    failed = [f"{answer.status_code} {answer.text}" for answer in answers if answer.status_code != 200]
    if failed:
        return {**row, "failed": failed}
    message, body = (answer.json() for answer in answers)
    page = http.get(f"{path}/body", headers={"Accept": "text/html"})
    texts = [value for value in (body["text"], body["html"]) if value is not None]
    downloads = {
        number: http.get(f"{path}/parts/{number}")
        for number in {*case.expected.get("parts", ()), *case.expected.get("offered", ())}
    }
    return {
        **row,
        **{key: _pairs(row[key]) for key in ("from", "to", "cc", "bcc", "replyTo")},
        "problems": row.get("problems", []),
        "references": message["references"],
        "text": body["text"] and body["text"]["value"],
        "html": body["html"]["value"] if body["html"] and not body["html"]["derived"] else None,
        "encodingProblem": any(value["isEncodingProblem"] for value in texts),
        "truncated": any(value["isTruncated"] for value in texts),
        "attachments": [(part["name"], part["type"]) for part in body["attachments"]],
        "blockedRemote": body["blockedRemote"],
        "bodyProblems": body["problems"],
        "parts": {number: answer.content for number, answer in downloads.items()},
        "offered": {number: answer.headers["content-disposition"] for number, answer in downloads.items()},
        "failed": [],
        "statuses": {page.status_code, *(answer.status_code for answer in downloads.values())},
    }


def _pairs(people: list[dict[str, Any]]) -> list[tuple[str | None, str]]:
    return [(person["name"], person["email"]) for person in people]
