"""Accounts that users link, with a password and by a provider's grant, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from gateway.accounts.keyring import Keyring, new_key
from tests.servers import openid_provider
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.postgresql import Postgresql
from tests.servers.tokens import TokenIssuer

from . import linking
from .canary import Canaries
from .gateway_process import GatewayProcess
from .linking import PAGE, Person, told

SESSION = 8  # seconds that an access token of the providers lives


@pytest.fixture(scope="module")
def idp() -> Iterator[OpenIdProvider]:
    folder = openid_provider.installed()
    if folder is None:
        pytest.skip(openid_provider.MISSING)
    with OpenIdProvider(folder, audience="https://imap.example.test", session=SESSION) as provider:
        yield provider


@pytest.fixture(scope="module")
def mail(needs_dovecot: None, idp: OpenIdProvider) -> Iterator[Dovecot]:
    place = f"http://dovecot:dovecot-secret@127.0.0.1:{idp.port}/token/introspection"
    with Dovecot(DovecotOptions(oauth=OAuth(idp.pem, (idp.issuer,), introspection_url=place))) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('db') / 'accounts.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture(scope="module")
def gateway(mail: Dovecot, idp: OpenIdProvider, tokens: TokenIssuer, database: str) -> Iterator[GatewayProcess]:
    with linking.start(mail, tokens, database, idp, settings={"log": {"level": "debug"}}) as started:
        yield started


def person(gateway: GatewayProcess, name: str) -> Person:
    """Of a domain that no provider serves: all its accounts are linked ones."""
    return Person(gateway, f"{name}@elsewhere.example", {"ttl": 3000})


def folders(who: Person, account: str = "me") -> httpx.Response:
    return who.ask("GET", f"/v1/accounts/{account}/folders")


def marked(mail: Dovecot, user: str) -> str:
    """A folder that tells whose mailbox it is."""
    name = f"of-{user}"
    with mail.client(user) as imap:
        imap.create(name)
    return name


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


@pytest.mark.parametrize("provider", ["googlelike", "mslike"])
def test_an_account_is_linked_by_a_sign_in_at_its_provider_and_outlives_its_sessions(
    provider: str, gateway: GatewayProcess, mail: Dovecot, idp: OpenIdProvider
) -> None:
    """More access tokens are used up than one: refreshed ahead, with and without rotation."""
    user, _ = mail.guest()
    folder = marked(mail, user)
    who = person(gateway, f"nine{provider}")
    account = who.link(idp, provider, user)
    info = who.ask("GET", f"/v1/accounts/{account}").json()
    assert (info["address"], info["linked"]["how"], info["linked"]["state"]) == (f"{user}@example.org", "oauth", "ok")
    ends = time.monotonic() + 2.5 * SESSION
    while time.monotonic() < ends:
        answer = folders(who, account)
        assert answer.status_code == 200, answer.text
        assert folder in [each["name"] for each in answer.json()["folders"]]
        time.sleep(0.3)


def test_another_user_can_not_finish_what_one_began(gateway: GatewayProcess, idp: OpenIdProvider) -> None:
    """Who signs in by a URL that somebody else began links nothing to that one."""
    thief, victim = person(gateway, "thief"), person(gateway, "victim")
    url = thief.begin("mslike").json()["url"]
    page = victim.sign_in(idp, url, "victimuser")
    refused = victim.finish(page["link_code"])
    assert (refused.status_code, refused.json()["field"]) == (422, "code")
    assert thief.ask("GET", "/v1/accounts").json() == {"accounts": []}


def test_a_state_and_a_code_are_good_once(gateway: GatewayProcess, idp: OpenIdProvider) -> None:
    who = person(gateway, "ten")
    url = who.begin("mslike", address="tenuser@example.org").json()["url"]
    assert "login_hint=tenuser" in url
    back = idp.walk(url, "tenuser", f"{gateway.url}/v1/accounts/link/callback")
    first = httpx.get(back, trust_env=False, timeout=20)
    assert first.status_code == 303
    again = httpx.get(back, trust_env=False, timeout=20)
    assert (again.status_code, again.json()["field"]) == (400, "state")
    code = told(first.headers["location"])["link_code"]
    assert who.finish(code).status_code == 201
    assert who.finish(code).status_code == 422


def test_answers_that_are_not_the_providers_are_refused(gateway: GatewayProcess, idp: OpenIdProvider) -> None:
    who = person(gateway, "eleven")
    callback = f"{gateway.url}/v1/accounts/link/callback"

    def answered(change: dict[str, str | None]) -> dict[str, str]:
        back = httpx.URL(idp.walk(who.begin("mslike").json()["url"], "elevenuser", callback))
        for name, value in change.items():
            back = back.copy_remove_param(name) if value is None else back.copy_set_param(name, value)
        answer = httpx.get(back, trust_env=False, timeout=20)
        assert answer.status_code == 303, answer.text
        return told(answer.headers["location"])

    assert answered({"iss": "https://evil.example"}) == {"link_error": "invalid_grant"}
    assert answered({"iss": None}) == {"link_error": "invalid_grant"}
    assert answered({"code": "made-up"}) == {"link_error": "invalid_grant"}
    assert answered({"code": None, "error": "access_denied"}) == {"link_error": "access_denied"}
    assert answered({"code": None, "error": "<script>"}) == {"link_error": "server_error"}
    assert "link_code" in answered({"authuser": "0"})  # what a provider adds does no harm
    assert httpx.get(f"{callback}?state=made-up&code=x", trust_env=False).status_code == 400


def test_only_pages_that_are_listed_are_returned_to(gateway: GatewayProcess) -> None:
    who = person(gateway, "twelve")
    for page in ("https://evil.example/", f"{PAGE}/..", f"{PAGE}@evil.example", PAGE.upper(), f"{PAGE}?x=1", ""):
        answer = who.ask("POST", "/v1/accounts/link", {"provider": "mslike", "returnTo": page})
        assert (answer.status_code, answer.json()["field"]) == (422, "returnTo"), page
    for named in ({}, {"provider": "passwords"}, {"issuer": "https://evil.example"}, {"provider": "a", "issuer": "b"}):
        answer = who.ask("POST", "/v1/accounts/link", {**named, "returnTo": PAGE})
        assert (answer.status_code, answer.json()["field"]) == (422, "provider")


def refresh_tokens(database: str, account: str) -> list[str]:
    """What the database holds of an account, opened with the key."""
    ring: Keyring = linking.keyring()
    if database.startswith("sqlite"):
        with sqlite3.connect(Path(database.partition("///")[2])) as connection:
            rows = connection.execute("SELECT refresh_token FROM linked_accounts WHERE id = ?", (account,)).fetchall()
    else:
        import psycopg

        with psycopg.connect(database.replace("+psycopg", "")) as session:
            rows = session.execute("SELECT refresh_token FROM linked_accounts WHERE id = %s", (account,)).fetchall()
    return [ring.open(bytes(row[0]), account, "refresh_token").reveal() for row in rows]


def test_a_grant_that_was_withdrawn_asks_to_be_linked_again(
    gateway: GatewayProcess, idp: OpenIdProvider, database: str
) -> None:
    who = person(gateway, "thirteen")
    account = who.link(idp, "googlelike", "thirteenuser")
    (token,) = refresh_tokens(database, account)
    idp.revoke(token, "googlelike", "googlelike-secret")
    deadline = time.monotonic() + 3 * SESSION
    while (answer := folders(who, account)).status_code != 403 and time.monotonic() < deadline:
        assert answer.status_code in (200, 503), answer.text
        time.sleep(0.2)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (403, "/problems/account-reauth-required")
    assert problem["link"] == "/v1/accounts/link"
    assert who.ask("GET", f"/v1/accounts/{account}").json()["linked"]["state"] == "reauth-required"
    assert folders(who, account).status_code == 403
    assert who.link(idp, "googlelike", "thirteenuser") == account
    assert folders(who, account).status_code == 200
    assert who.ask("GET", "/v1/accounts").json()["accounts"][0]["linked"]["state"] == "ok"


def test_unlinking_revokes_the_grant_at_the_provider(
    gateway: GatewayProcess, idp: OpenIdProvider, database: str
) -> None:
    who = person(gateway, "fourteen")
    account = who.link(idp, "mslike", "fourteenuser")
    (token,) = refresh_tokens(database, account)
    assert who.ask("DELETE", f"/v1/accounts/{account}").status_code == 204
    assert refresh_tokens(database, account) == []
    form = {"grant_type": "refresh_token", "refresh_token": token}
    answer = httpx.post(f"{idp.issuer}/token", data=form, auth=("mslike", "mslike-secret"), trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_while_the_provider_is_down_nobody_loses_an_account(gateway: GatewayProcess, idp: OpenIdProvider) -> None:
    who = person(gateway, "fifteen")
    account = who.link(idp, "googlelike", "fifteenuser")
    assert folders(who, account).status_code == 200  # by a connection that asks the provider nothing more
    idp.suspend()
    try:
        deadline = time.monotonic() + 3 * SESSION
        while (answer := folders(who, account)).status_code != 503 and time.monotonic() < deadline:
            time.sleep(0.2)  # until then the token is good, though the mail server may not be told so any more
        assert answer.status_code == 503, answer.text
        assert "retry-after" in answer.headers
        assert who.ask("GET", "/v1/accounts").json()["accounts"][0]["linked"]["state"] == "ok"
    finally:
        idp.resume()
    deadline = time.monotonic() + 70
    while (answer := folders(who, account)).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answer.status_code == 200, answer.text


def test_replicas_take_turns_with_a_rotating_grant(
    gateway: GatewayProcess, mail: Dovecot, idp: OpenIdProvider, tokens: TokenIssuer, database: str
) -> None:
    """Its refresh token is good once: two that used the same one would lose the account."""
    who = person(gateway, "sixteen")
    account = who.link(idp, "mslike", "sixteenuser")
    with linking.start(mail, tokens, database, idp) as replica:
        there = person(replica, "sixteen")
        ends = time.monotonic() + 3 * SESSION
        while time.monotonic() < ends:
            with ThreadPoolExecutor(6) as threads:
                answers = list(threads.map(lambda each: folders(each, account), [who, there] * 3))
            assert [answer.status_code for answer in answers] == [200] * 6, [answer.text for answer in answers]
            time.sleep(0.2)
    assert who.ask("GET", f"/v1/accounts/{account}").json()["linked"]["state"] == "ok"


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


def test_of_what_opens_an_account_nothing_is_told_or_readable(
    gateway: GatewayProcess, mail: Dovecot, idp: OpenIdProvider, database: str, request: pytest.FixtureRequest
) -> None:
    """Neither in the log at debug, nor in metrics, nor in the database: passwords, tokens, states, codes, keys."""
    c = Canaries()
    user, password = mail.guest()
    who = person(gateway, "nineteen")
    c.know("password", password)
    who.link_password(f"{user}@example.org", password)
    who.link_password(f"{user}@example.org", c["wrong"])
    url = who.begin("mslike").json()["url"]
    c.know("state", str(httpx.URL(url).params["state"]))
    c.know("challenge", str(httpx.URL(url).params["code_challenge"]))
    c.know("nonce", str(httpx.URL(url).params["nonce"]))
    back = idp.walk(url, "nineteenuser", f"{gateway.url}/v1/accounts/link/callback")
    c.know("code", str(httpx.URL(back).params["code"]))
    page = told(httpx.get(back, trust_env=False, timeout=20).headers["location"])
    c.know("finishing", page["link_code"])
    account = who.finish(page["link_code"]).json()["id"]
    assert folders(who, account).status_code == 200
    c.know("refresh", refresh_tokens(database, account)[0])
    for name in ("googlelike-secret", "mslike-secret", linking.KEY):
        c.know(name, name)
    log = gateway.log.read_text()
    assert "account-linked" in log
    assert c.found_in(log) == []
    metrics = httpx.get(f"{gateway.management_url}/metrics", timeout=5, trust_env=False).text
    assert c.found_in(metrics) == []
    if database.startswith("sqlite"):
        file = Path(database.partition("///")[2])
        stored = "".join(each.read_bytes().decode("latin-1") for each in file.parent.iterdir())
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        dumped = server.dump(database)
        octets = [bytes.fromhex(found) for found in re.findall(r"\\\\x([0-9a-f]+)", dumped)]
        assert len(octets) > 5
        stored = dumped + "".join(each.decode("latin-1") for each in octets)
    assert f"{user}@example.org" in stored  # it is the right place
    assert c.found_in(stored) == []
