"""Accounts that users link with a password, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.accounts.keyring import new_key
from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer

from . import linking
from .gateway_process import GatewayProcess
from .linking import folders, marked, person

PASSWORDS = {"method": "linked"}


@pytest.fixture(name="gateway")
def _gateway(linked_gateway: GatewayProcess) -> GatewayProcess:
    return linked_gateway


@pytest.fixture(name="mail")
def _mail(linked_mail: Dovecot) -> Dovecot:
    return linked_mail


@pytest.fixture(name="database")
def _database(linked_database: str) -> str:
    return linked_database


def test_an_account_is_linked_by_a_password(gateway: GatewayProcess, mail: Dovecot) -> None:
    user, password = mail.guest()
    folder = marked(mail, user)
    who = person(gateway, "one")
    assert who.ask("GET", "/v1/accounts").json() == {"accounts": []}
    assert (folders(who).status_code, folders(who).json()["field"]) == (404, "account")
    made = who.link_password(f"{user}@example.org", password, label="private")
    assert made.status_code == 201, made.text
    info = made.json()
    assert made.headers["location"] == f"/v1/accounts/{info['id']}"
    assert (info["address"], info["provider"]) == (f"{user}@example.org", "passwords")
    assert (info["linked"]["how"], info["linked"]["state"], info["linked"]["label"]) == ("password", "ok", "private")
    for ref in ("me", info["id"]):
        assert folder in [each["name"] for each in folders(who, ref).json()["folders"]]
    described = who.ask("GET", f"/v1/accounts/{info['id']}").json()
    assert described["linked"] == info["linked"]
    assert "IDLE" in described["capabilities"]
    assert password not in made.text + str(described)


def test_a_wrong_password_and_an_unknown_user_look_the_same(gateway: GatewayProcess, mail: Dovecot) -> None:
    user, _ = mail.guest()
    who = person(gateway, "two")
    answers = [who.link_password(f"{user}@example.org", "wrong-Canary"), who.link_password("nobody@example.org", "x")]
    for answer in answers:
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (422, "/problems/link-refused")
        assert (problem["field"], problem["detail"].split(":")[0]) == ("password", "auth")
    first, second = (answer.json() for answer in answers)
    for problem in (first, second):
        problem.pop("requestId")
    assert first == second
    assert who.ask("GET", "/v1/accounts").json() == {"accounts": []}
    assert "wrong-Canary" not in gateway.log.read_text()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"address": "a@nowhere.example"}, 422, "imap"),
        ({"address": "no address"}, 422, "address"),
        ({"address": "a@example.org", "provider": "unknown"}, 422, "provider"),
        ({"address": "a@example.org", "imap": {"host": "127.0.0.1"}}, 422, "imap"),
        ({"address": "a@example.org", "imap": {"host": "h", "tls": "none"}}, 400, "imap.tls"),
        ({"address": "a@example.org", "username": "a\nb"}, 400, "username"),
        ({"address": "a@example.org", "pasword": "x"}, 400, None),
    ],
)
def test_what_can_not_be_linked_is_refused_by_name(
    gateway: GatewayProcess, body: dict[str, object], status: int, field: str | None
) -> None:
    answer = person(gateway, "three").ask("POST", "/v1/accounts", {"password": "pw", **body})
    assert answer.status_code == status, answer.text
    if field is not None:
        assert answer.json()["field"] == field


def test_linking_again_replaces_the_password_and_a_key_repeats_nothing(gateway: GatewayProcess, mail: Dovecot) -> None:
    user, password = mail.guest()
    who = person(gateway, "four")
    body = {"address": f"{user}@example.org", "password": password}
    first = who.ask("POST", "/v1/accounts", body, **{"Idempotency-Key": f"key-{user}"})
    again = who.ask("POST", "/v1/accounts", body, **{"Idempotency-Key": f"key-{user}"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    anew = who.ask("POST", "/v1/accounts", body)
    assert (anew.status_code, anew.json()["id"]) == (200, first.json()["id"])
    assert len(who.ask("GET", "/v1/accounts").json()["accounts"]) == 1
    changed = who.ask("PATCH", f"/v1/accounts/{first.json()['id']}", {"password": password})
    assert changed.status_code == 200, changed.text
    assert who.ask("DELETE", f"/v1/accounts/{first.json()['id']}").status_code == 204
    mine = audited(gateway, first.json()["id"], last="account-unlinked")
    assert [(line["event"], line.get("again"), line["client"]) for line in mine] == [
        ("account-linked", False, "127.0.0.1"),
        ("account-linked", True, "127.0.0.1"),
        ("account-linked", True, "127.0.0.1"),
        ("account-unlinked", None, "127.0.0.1"),
    ]


def audited(gateway: GatewayProcess, account: str, last: str) -> list[dict[str, Any]]:
    """The account's lines, once the last is written: a thread does that."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        written = [json.loads(line) for line in gateway.log.read_text().splitlines() if '"process"' in line]
        mine = [line for line in written if line.get("account") == account]
        if any(line["event"] == last for line in mine):
            return mine
        time.sleep(0.05)
    raise AssertionError(f"{last} was not written")


def test_nobody_else_sees_uses_or_changes_it(gateway: GatewayProcess, mail: Dovecot) -> None:
    """Another subject, and the same subject of another issuer is tried in the acceptance tests."""
    user, password = mail.guest()
    owner, other = person(gateway, "five"), person(gateway, "six")
    account = owner.link_password(f"{user}@example.org", password).json()["id"]
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/folders", None),
        ("PATCH", "", {"label": "mine"}),
        ("DELETE", "", None),
    ):
        assert other.ask(method, f"/v1/accounts/{account}{path}", body).status_code == 404
    assert folders(owner, account).status_code == 200


def test_a_password_is_changed_and_a_default_chosen(gateway: GatewayProcess, mail: Dovecot) -> None:
    who = person(gateway, "seven")
    users = [mail.guest() for _ in range(2)]
    ids = [who.link_password(f"{user}@example.org", password).json()["id"] for user, password in users]
    assert who.ask("GET", "/v1/accounts/me").json()["id"] == ids[0]
    wrong = who.ask("PATCH", f"/v1/accounts/{ids[1]}", {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/link-refused")
    changed = who.ask("PATCH", f"/v1/accounts/{ids[1]}", {"password": users[1][1], "isDefault": True, "label": "B"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["linked"]["isDefault"], changed.json()["linked"]["label"]) == (True, "B")
    assert who.ask("GET", "/v1/accounts/me").json()["id"] == ids[1]
    assert [each["id"] for each in who.ask("GET", "/v1/accounts").json()["accounts"]] == [ids[1], ids[0]]
    assert who.ask("GET", f"/v1/accounts/{ids[1]}").json()["linked"]["state"] == "ok"


def test_unlinking_closes_connections_and_ends_streams(gateway: GatewayProcess, mail: Dovecot) -> None:
    user, password = mail.guest()
    who = person(gateway, "eight")
    account = who.link_password(f"{user}@example.org", password).json()["id"]
    assert folders(who, account).status_code == 200
    url = f"{gateway.url}/v1/accounts/{account}/events?folders=inbox"
    headers = gateway.headers(who.name, **who.claims)
    with httpx.stream("GET", url, headers=headers, timeout=20, trust_env=False) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        assert who.ask("DELETE", f"/v1/accounts/{account}").status_code == 204
        rest = "\n".join(lines)
    assert "event: bye" in rest
    assert "account-removed" in rest
    deadline = time.monotonic() + 10
    while mail.who(f"{user}@example.org") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mail.who(f"{user}@example.org") == 0
    assert folders(who, account).status_code == 404
    assert who.ask("DELETE", f"/v1/accounts/{account}").status_code == 404


def test_a_key_that_is_missing_concerns_its_accounts_alone(
    gateway: GatewayProcess, mail: Dovecot, tokens: TokenIssuer, database: str
) -> None:
    (old, password), (new, other) = mail.guest(), mail.guest()
    who = person(gateway, "seventeen")
    before = who.link_password(f"{old}@example.org", password).json()["id"]
    keys = {"GATEWAY__ACCOUNTS__KEYS": '[{id = "two", env = "SEALING_KEY"}]'}
    with linking.start(mail, tokens, database, environ=keys, key=new_key()) as later:
        there = person(later, "seventeen")
        after = there.link_password(f"{new}@example.org", other).json()["id"]
        assert folders(there, after).status_code == 200
        answer = folders(there, before)
        assert (answer.status_code, "not configured: one" in answer.json()["detail"]) == (503, True)
        assert [each["id"] for each in there.ask("GET", "/v1/accounts").json()["accounts"]] == [before, after]
        assert there.ask("DELETE", f"/v1/accounts/{after}").status_code == 204


def test_keys_are_rotated_beside_a_running_gateway(
    mail: Dovecot, tokens: TokenIssuer, database: str, tmp_path: Path
) -> None:
    """First both can open the new key, then it seals, then all is sealed anew, then the old one goes."""
    user, password = mail.guest()
    old, new = linking.KEY, new_key()
    both = {
        "NEW_KEY": new,
        "GATEWAY__ACCOUNTS__KEYS": '[{id = "new", env = "NEW_KEY"}, {id = "one", env = "SEALING_KEY"}]',
    }
    with linking.start(mail, tokens, database, environ=both, key=old) as gateway:
        who = person(gateway, "eighteen")
        account = who.link_password(f"{user}@example.org", password).json()["id"]
        command = [sys.executable, "-m", "gateway", "keys", "rotate", "--config", str(gateway.config)]
        environ = {**os.environ, **gateway.environ}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "done: " in done.stdout
        assert folders(who, account).status_code == 200
    alone = {"NEW_KEY": new, "GATEWAY__ACCOUNTS__KEYS": '[{id = "new", env = "NEW_KEY"}]'}
    with linking.start(mail, tokens, database, environ=alone) as gateway:
        assert folders(person(gateway, "eighteen"), account).status_code == 200
    back = {**both, "GATEWAY__ACCOUNTS__KEYS": '[{id = "one", env = "SEALING_KEY"}, {id = "new", env = "NEW_KEY"}]'}
    again = subprocess.run(command, env={**environ, **back}, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 0, again.stdout + again.stderr  # for the tests after this one


def test_a_server_that_a_user_names_is_reached_where_that_is_permitted(
    mail: Dovecot, tokens: TokenIssuer, database: str
) -> None:
    """A host of the inside is not, whatever its spelling; one that the operator lists is, its certificate checked."""
    user, password = mail.guest()
    server = {"host": "localhost", "port": mail.tls_port}
    wanted: dict[str, object] = {"address": f"{user}@any.example", "username": user, "imap": server}
    served = [{"name": "none", "domains": ["example.org"], "imap": {"host": "imap.example.org"}, "auth": PASSWORDS}]
    environ = {
        "GATEWAY__PROVIDERS": linking.toml(served),
        "GATEWAY__ACCOUNTS__ANY_SERVER": "true",
        "GATEWAY__ACCOUNTS__PORTS": f"[993, {mail.tls_port}]",
        "GATEWAY__ACCOUNTS__CA_FILE": str(mail.ca_file),
    }
    with linking.start(mail, tokens, database, environ=environ) as gateway:
        who = person(gateway, "twenty")
        for host in ("localhost", "127.0.0.1", "0x7f000001", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254"):
            refused = who.link_password(**{**wanted, "password": password, "imap": {**server, "host": host}})
            assert refused.status_code == 422, (host, refused.text)
    listed = {**environ, "GATEWAY__ACCOUNTS__ALLOWED_HOSTS": '["localhost"]'}
    with linking.start(mail, tokens, database, environ=listed) as gateway:
        who = person(gateway, "twenty")
        made = who.link_password(**{**wanted, "password": password})
        assert made.status_code == 201, made.text
        account = made.json()["id"]
        assert made.json()["provider"] == "linked"
        assert folders(who, account).status_code == 200
    with linking.start(mail, tokens, database, environ=environ) as gateway:  # the operator thinks better of it
        assert folders(person(gateway, "twenty"), account).status_code == 502
