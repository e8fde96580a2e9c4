"""Accounts that are linked by a sign-in at their provider, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.postgresql import Postgresql
from tests.servers.tokens import TokenIssuer

from . import linking
from .canary import Canaries
from .gateway_process import GatewayProcess
from .linking import PAGE, SESSION, Following, Person, folders, marked, person, refresh_tokens, told


@pytest.fixture(name="gateway")
def _gateway(linked_gateway: GatewayProcess) -> GatewayProcess:
    return linked_gateway


@pytest.fixture(name="mail")
def _mail(linked_mail: Dovecot) -> Dovecot:
    return linked_mail


@pytest.fixture(name="database")
def _database(linked_database: str) -> str:
    return linked_database


@pytest.mark.parametrize("provider", ["googlelike", "mslike"])
def test_an_account_is_linked_by_a_sign_in_at_its_provider_and_outlives_its_sessions(
    provider: str, gateway: GatewayProcess, mail: Dovecot, idp: OpenIdProvider
) -> None:
    """More access tokens are used up than one: refreshed ahead, with and without rotation. So does a stream."""
    user, _ = mail.guest()
    folder = marked(mail, user)
    who = person(gateway, f"nine{provider}")
    account = who.link(idp, provider, user)
    info = who.ask("GET", f"/v1/accounts/{account}").json()
    assert (info["address"], info["linked"]["how"], info["linked"]["state"]) == (f"{user}@example.org", "oauth", "ok")
    ends = time.monotonic() + 2.2 * SESSION
    brief = Person(gateway, who.name, {"ttl": SESSION})
    with Following(who, account) as stream, Following(brief, account) as shorter:
        while time.monotonic() < ends:
            answer = folders(who, account)
            assert answer.status_code == 200, answer.text
            assert folder in [each["name"] for each in answer.json()["folders"]]
            time.sleep(0.3)
        kind, bye = shorter.next()
        assert (kind, bye["reason"]) == ("bye", "token-expired"), "its own token, not the account's"
        with mail.client(user) as imap:
            append(imap, "INBOX", (letter(1),))
        kind, changes = stream.next()
        assert (kind, [each["subject"] for each in changes["created"]]) == ("changes", ["message 1"])
        assert who.ask("DELETE", f"/v1/accounts/{account}").status_code == 204
        kind, bye = stream.next()
        assert (kind, bye["reason"]) == ("bye", "account-removed")


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


def test_a_grant_that_was_withdrawn_asks_to_be_linked_again(
    gateway: GatewayProcess, idp: OpenIdProvider, database: str
) -> None:
    who = person(gateway, "thirteen")
    account = who.link(idp, "googlelike", "thirteenuser")
    (token,) = refresh_tokens(database, account)
    with Following(who, account) as stream:
        idp.revoke(token, "googlelike", "googlelike-secret")
        kind, bye = stream.next(3 * SESSION)
        assert (kind, bye["reason"]) == ("bye", "upstream-refused")
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
        good, ends = 0, time.monotonic() + 2.4 * SESSION
        while time.monotonic() < ends:
            with ThreadPoolExecutor(6) as threads:
                answers = list(threads.map(lambda each: folders(each, account), [who, there] * 3))
            busy = [each for each in answers if each.status_code == 503 and "retry-after" in each.headers]
            refused = [each.text for each in answers if each.status_code != 200 and each not in busy]
            assert (
                not refused
            )  # a mail server that is slow to ask the provider says so, and is asked again a moment later
            good += not busy
            time.sleep(0.2)
        assert good > 3
    assert who.ask("GET", f"/v1/accounts/{account}").json()["linked"]["state"] == "ok"


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
    metrics = gateway.metrics()
    assert c.found_in(metrics) == []
    if database.startswith("sqlite"):
        file = Path(database.partition("///")[2])
        stored = "".join(each.read_bytes().decode("latin-1") for each in file.parent.iterdir())
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        dumped = server.dump(database)
        octets = [bytes.fromhex(found) for found in re.findall(r"\\\\x([0-9a-f]+)", dumped)]
        assert len(octets) >= 2
        stored = dumped + "".join(each.decode("latin-1") for each in octets)
    assert f"{user}@example.org" in stored  # it is the right place
    assert c.found_in(stored) == []
