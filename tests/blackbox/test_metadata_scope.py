"""A token with every scope but mail.read learns nothing of what is in a message, by any endpoint of the table.

An endpoint that is not named here, and does not demand mail.read, fails the test: say how it is asked, or what it
withholds. Only what a mailbox shows without its bodies may come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import httpx
import pytest

from gateway.http.endpoint import AnyEndpoint, Public
from gateway.http.table import table
from gateway.identity.scope import Scope
from gateway.settings.model import Limits

from .conftest import Site
from .events import watching
from .mail import stored

BODY, ATTACHED, CALENDAR, INNER = "canary-in-body", "canary-attached", "canary-in-calendar", "canary-in-inner"
CANARIES = (BODY, ATTACHED, CALENDAR, INNER)
SUBJECT = "nothing secret here"
ALL_BUT_READING = " ".join(scope.value for scope in Scope if scope is not Scope.READ)
ENDPOINTS = {endpoint.operation_id: endpoint for endpoint in table(Limits())}


def letter() -> bytes:
    """Something to be withheld in every kind of part."""
    inner = EmailMessage(policy=SMTP)
    inner["Subject"] = f"re: {INNER}"
    inner.set_content(f"{INNER}\n")
    message = EmailMessage(policy=SMTP)
    message["From"] = "Sender <sender@example.org>"
    message["Subject"] = SUBJECT
    message["Message-ID"] = "<withheld@example.org>"
    message.set_content(f"{BODY}: the beginning, of which a preview is made\n")
    message.add_alternative(f"<p>{BODY}</p>", subtype="html")
    message.add_attachment(f"{ATTACHED}\n", filename="notes.txt")
    event = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{CALENDAR}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    message.add_attachment(event, subtype="calendar")
    message.add_attachment(inner)
    return message.as_bytes()


@dataclass(frozen=True)
class Probe:
    """A request below the account (or at the root), and the status that is expected of it."""

    method: str
    path: str
    status: int = 200
    params: dict[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None


@dataclass
class Mailbox:
    """One user's: by a token with all scopes, and by one without mail.read."""

    full: httpx.AsyncClient
    bare: httpx.AsyncClient
    message: str
    state: str
    account_state: str

    def to(self, path: str) -> str:
        values = {"folder": "inbox", "message": self.message, "part": "1", "flag": "$flagged", "account": "me"}
        return path.format(**values).removeprefix("/v1/accounts/me")


Ask = Callable[[Mailbox], list[Probe]]


def get(path: str, status: int = 200, **params: str) -> Ask:
    return lambda box: [Probe("GET", box.to(path), status, params)]


def write(method: str, path: str, status: int = 200, json: Any = None) -> Ask:
    return lambda box: [Probe(method, box.to(path), status, json=json)]


def at_root(method: str, path: str, status: int, json: Any) -> Ask:
    return lambda box: [Probe(method, str(box.bare.base_url).removesuffix("/me/") + path, status, json=json)]


def bulk(path: str, **members: object) -> Ask:
    """By ids it is done; by what is in a body it is refused."""

    def ask(box: Mailbox) -> list[Probe]:
        by_text = {"filter": {"text": BODY}, **members}
        return [
            Probe("POST", f"/folders/inbox/{path}", 403, json=by_text),
            Probe("POST", f"/folders/inbox/{path}", json={"ids": [box.message], **members}),
        ]

    return ask


def pages(box: Mailbox) -> list[Probe]:
    path = "/folders/inbox/messages"
    refused = ({"text": BODY}, {"preview": "true"}, {"fields": "id,preview"}, {"text": BODY, "fields": "id"})
    shown: tuple[dict[str, str], ...] = (
        {},
        {"subject": "nothing"},
        {"fields": "id,subject,header:Subject:asText"},
        {"preview": "false"},
    )
    return [Probe("GET", path, 403, params) for params in refused] + [Probe("GET", path, 200, each) for each in shown]


def message(box: Mailbox) -> list[Probe]:
    path = f"/messages/{box.message}"
    return [
        Probe("GET", path),
        Probe("GET", path, 403, {"fields": "preview"}),
        Probe("GET", path, 403, {"fields": "subject,preview"}),
        Probe("GET", path, 200, {"fields": "bodyStructure,headers,hasAttachment"}),
    ]


def searches(box: Mailbox) -> list[Probe]:
    filters: list[tuple[int, object]] = [
        (200, {"subject": "nothing"}),
        (200, {"header": ["Subject", "nothing"]}),
        (403, {"text": BODY}),
        (403, {"body": BODY}),
        (403, {"operator": "NOT", "conditions": [{"body": BODY}]}),
        (403, {"operator": "OR", "conditions": [{"subject": "x"}, {"operator": "AND", "conditions": [{"text": "x"}]}]}),
    ]
    probes = [Probe("POST", "/search", status, json={"filter": each}) for status, each in filters]
    return [*probes, Probe("POST", "/search", 403, json={"filter": {"subject": "nothing"}, "snippets": True})]


def confirming(path: str) -> Ask:
    return lambda box: [Probe("POST", path, 403, json={"ids": [box.message], "sha256": "0" * 64, "count": 1})]


def operations(box: Mailbox) -> list[dict[str, object]]:
    """What a batch may be asked for: two that a token without mail.read may, and two that it may not."""
    asked = (
        f"messages/{box.message}",
        "folders/inbox/messages",
        "folders/inbox/messages?preview=true",
        f"messages/{box.message}/body",
    )
    return [{"id": f"o{number}", "method": "GET", "path": path} for number, path in enumerate(asked)]


OPEN: dict[str, Ask] = {
    "list_accounts": lambda box: [Probe("GET", str(box.bare.base_url).removesuffix("/me/"))],
    "get_account": lambda box: [Probe("GET", str(box.bare.base_url).removesuffix("/"))],
    "link_account": at_root("POST", "", 422, {"address": "user@example.net", "password": "secret"}),
    "patch_account": at_root("PATCH", "/me", 422, {"label": "mine"}),
    "unlink_account": at_root("DELETE", "/me", 422, None),
    "begin_link": at_root("POST", "/link", 422, {"provider": "none", "returnTo": "https://app.example.org/"}),
    "finish_link": at_root("POST", "/link/finish", 422, {"code": "none"}),
    "discover": at_root("POST", "/discover", 200, {"address": "user@example.net"}),
    "verify_server": at_root(
        "POST",
        "/verify",
        200,
        {"address": "user@example.net", "imap": {"host": "127.0.0.1"}, "username": "user", "password": "secret"},
    ),
    "verify_account": write("POST", "/verify"),
    "list_folders": get("/folders"),
    "create_folder": write("POST", "/folders", 201, {"name": "Made without reading"}),
    "get_folder": get("/folders/{folder}"),
    "patch_folder": write("PATCH", "/folders/{folder}", 200, {"isSubscribed": True}),
    "delete_folder": write("DELETE", "/folders/{folder}", 422),
    "get_changes": lambda box: [Probe("GET", "/folders/inbox/changes", params={"since": box.state})],
    "post_changes": lambda box: [Probe("POST", "/folders/inbox/changes", json={"since": box.state})],
    "get_account_changes": get("/changes"),
    "post_account_changes": lambda box: [Probe("POST", "/changes", json={"since": box.account_state})],
    "get_quota": get("/quota", 422),
    "get_rights": get("/folders/inbox/rights", 422),
    "get_grantable": get("/folders/inbox/rights/bob", 422),
    "put_rights": write("PUT", "/folders/inbox/rights/bob", 422, {"rights": ["mayReadItems"]}),
    "delete_rights": write("DELETE", "/folders/inbox/rights/bob", 422),
    "list_messages": pages,
    "store_message": lambda box: [Probe("POST", "/folders/inbox/messages", 201, content=letter())],
    "get_message": message,
    "search_messages": searches,
    "get_thread": get("/messages/{message}/thread"),
    "get_flags": get("/messages/{message}/flags"),
    "patch_flags": write("PATCH", "/messages/{message}/flags", 200, {"add": ["$seen"]}),
    "put_flag": write("PUT", "/messages/{message}/flags/{flag}"),
    "delete_flag": write("DELETE", "/messages/{message}/flags/{flag}"),
    "move_message": write("POST", "/messages/{message}/move", 200, {"folder": "trash"}),
    "copy_message": write("POST", "/messages/{message}/copy", 200, {"folder": "trash"}),
    "delete_message": write("DELETE", "/messages/{message}"),
    "bulk_flags": bulk("flags", add=["$seen"]),
    "bulk_move": bulk("move", folder="trash"),
    "bulk_copy": bulk("copy", folder="trash"),
    "bulk_delete": bulk("delete"),
    "confirm_export": confirming("/folders/inbox/export/confirm"),
    "confirm_search_export": confirming("/exports/confirm"),
    "take_ticket": write("POST", "/events/tickets", 201, {}),
    "run_batch": lambda box: [Probe("POST", "/batch", json={"operations": operations(box)})],
    "run_archive": write("POST", "/archive-runs", 200, {"folder": "inbox", "before": "2000-01-01"}),
}
STREAMS = {"follow_events"}
"""Asked in tests of their own below."""


def without_reading() -> Iterator[AnyEndpoint]:
    for endpoint in ENDPOINTS.values():
        if not isinstance(endpoint.scope, Public) and endpoint.scope is not Scope.READ:
            yield endpoint


@pytest.fixture
def user(on_dovecot: Site) -> str:
    return on_dovecot.guest()


@pytest.fixture
async def box(on_dovecot: Site, user: str) -> Any:
    gateway = on_dovecot.gateway
    async with gateway.client(user) as full, gateway.client(user) as bare:
        bare.headers.update(gateway.headers(user, scope=ALL_BUT_READING, ttl=3000))
        state = (await full.get("/folders/inbox")).json()["state"]
        account_state = (await full.get("/changes")).json()["newState"]
        yield Mailbox(full, bare, await stored(full, letter()), state, account_state)


def withheld(answer: httpx.Response) -> None:
    told = answer.content.decode(errors="replace") + str(answer.headers)
    assert not [canary for canary in CANARIES if canary in told], answer.request.url
    if answer.status_code == 403:
        assert answer.json()["type"] == "/problems/insufficient-scope"
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        assert "mail.read" in answer.headers["www-authenticate"]


def test_every_endpoint_is_accounted_for() -> None:
    """Whoever adds one says here what it shows to a token that may not read."""
    named = set(OPEN) | STREAMS
    asked = {endpoint.operation_id for endpoint in without_reading()}
    assert asked - named == set(), "say how these are asked without mail.read"
    assert named - asked == set(), "these are not there any more, or demand mail.read"


async def test_the_canaries_can_be_read(box: Mailbox) -> None:
    """Without this, the rest would show nothing."""
    raw = (await box.full.get(f"/messages/{box.message}/raw")).text
    assert all(canary in raw for canary in CANARIES)
    listed = (await box.full.get("/folders/inbox/messages", params={"preview": "true"})).text
    assert BODY in listed
    assert BODY in (await box.full.get(f"/messages/{box.message}")).text
    assert BODY in (await box.full.get("/folders/inbox/changes", params={"since": box.state})).text
    assert BODY in (await box.full.post("/changes", json={"since": box.account_state})).text
    found = await box.full.post("/search", json={"filter": {"body": BODY}, "snippets": True})
    assert box.message in found.text


async def test_each_endpoint_withholds_what_is_in_a_message(box: Mailbox) -> None:
    for name, ask in OPEN.items():
        box.message = await stored(box.full, letter())
        for probe in ask(box):
            content = {"content": probe.content, "headers": {"Content-Type": "message/rfc822"}} if probe.content else {}
            answer = await box.bare.request(
                probe.method,
                probe.path,
                params=probe.params,
                json=probe.json,
                **content,  # type: ignore[arg-type]
            )
            assert answer.status_code == probe.status, (name, probe, answer.text)
            withheld(answer)


async def test_what_demands_reading_is_refused(box: Mailbox) -> None:
    asked = 0
    for endpoint in ENDPOINTS.values():
        if endpoint.scope is Scope.READ:
            answer = await box.bare.request(endpoint.method, box.to(endpoint.path))
            assert answer.status_code == 403, endpoint.path
            withheld(answer)
            asked += 1
    assert asked >= 10


async def test_a_batch_refuses_what_a_request_by_itself_would(box: Mailbox) -> None:
    answer = await box.bare.post("/batch", json={"operations": operations(box)})
    withheld(answer)
    assert [each["status"] for each in answer.json()["results"]][:3] == [200, 200, 403]
    assert answer.json()["results"][3]["status"] in (403, 404)  # it may be no operation at all
    assert BODY in (await box.full.post("/batch", json={"operations": operations(box)[:3]})).text


async def test_events_carry_no_previews(box: Mailbox) -> None:
    ticket = (await box.bare.post("/events/tickets", json={})).json()["ticket"]
    async with (
        httpx.AsyncClient(base_url=box.bare.base_url, trust_env=False) as holder,
        watching(holder, ticket=ticket) as by_ticket,
        watching(box.full) as ready,
    ):
        await stored(box.full, letter())
        assert BODY in str((await ready.until("changes")).data)
        by_it = str((await by_ticket.until("changes")).data)
        assert not [canary for canary in CANARIES if canary in by_it]
    async with watching(box.bare) as reader, watching(box.full) as reading:
        made = await stored(box.full, letter())
        told, shown = await reader.until("changes"), await reading.until("changes")
    assert made in str(told.data)
    assert not [canary for canary in CANARIES if canary in str(told.data)]
    assert BODY in str(shown.data)
