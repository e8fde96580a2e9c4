"""No spelling of an address reaches the account of another."""

from __future__ import annotations

import string
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.address import ADDRESS_MAX, Address, read_address
from gateway.accounts.sign_in import AsMasterUser
from gateway.accounts.username import username
from gateway.errors import Forbidden
from gateway.imap.credential import Password, ProxyPassword
from gateway.settings.model import MasterUser
from tests.effort import least

from .test_directory import Caller

ATOM = string.ascii_letters + string.digits + "#$&'+=?^_`{|}~-"
SPECIAL = "*%!/\\\"'()<>[]:;,@ \t\r\n\0\u00a0\u2028ａﬀ\ud800.{}"
words = st.text(alphabet=ATOM, min_size=1, max_size=12)
locals_ = st.lists(words, min_size=1, max_size=3).map(".".join)
domains = st.from_regex(r"[A-Za-z0-9]{1,8}(-[a-z0-9]{1,4})?(\.[A-Za-z0-9]{1,6}){0,2}", fullmatch=True)
nasty = st.text(alphabet=ATOM + SPECIAL, max_size=30)


@given(locals_, domains)
def test_a_plain_address_is_read_with_its_domain_in_lower_case(local: str, domain: str) -> None:
    assert read_address(f"{local}@{domain}", "email") == Address(local, domain.lower())
    assert read_address(local, "email") == Address(local, "")


@given(nasty | st.text(max_size=40))
def test_whatever_is_accepted_is_plain(text: str) -> None:
    try:
        address = read_address(text, "email")
    except Forbidden:
        return
    shown = str(address)
    assert shown.isascii()
    assert shown.isprintable()
    assert not set(shown) & set('*%!/\\"()<>[]:;, ')
    assert shown.count("@") <= 1
    assert len(shown) <= ADDRESS_MAX
    assert shown.lower() == text.lower()


@given(nasty, nasty)
def test_two_addresses_that_differ_are_two_user_names(first: str, second: str) -> None:
    """Even to a server that folds case and compatibility characters."""
    try:
        names = [username("{address}", read_address(text, "email"), "s") for text in (first, second)]
    except Forbidden:
        return
    folded = [unicodedata.normalize("NFKC", text).casefold() for text in (first, second)]
    assert (names[0].casefold() == names[1].casefold()) == (folded[0] == folded[1])


@pytest.mark.parametrize("style", ["authzid", "separator"])
@given(text=nasty, subject=nasty, template=st.sampled_from(["{address}", "{local}", "{sub}", "x{sub}", "{local}@h"]))
def test_a_master_user_opens_the_account_that_is_meant_or_none(
    style: str, text: str, subject: str, template: str
) -> None:
    settings = MasterUser(user="gateway", password_env="P", style="authzid" if style == "authzid" else "separator")
    master = AsMasterUser(settings, {"P": "pw"}, "auth")
    try:
        user = username(template, read_address(text, "email"), subject)
        credential = master.grant(user, Caller({}), "aud").credential
    except Forbidden:
        return
    match credential:
        case ProxyPassword():
            assert (credential.authzid, credential.user) == (user, "gateway")
            assert "\0" not in credential.authzid
        case Password():
            assert credential.user.split("*") == [user, "gateway"]
        case _:
            pytest.fail("another credential")


@pytest.mark.parametrize(
    "text",
    [
        *("alice*gateway@example.org", "alice%example.org@evil.org", "host!alice@example.org", "../alice@example.org"),
        *("alice@example.org\0", "alice@example.org\r\nX", "al\0ice", "alice @example.org", " alice", "alice\u200b"),
        *('"alice bob"@example.org', "alice@[127.0.0.1]", "alice@example..org", ".alice@x", "alice.@x", "al..ice@x"),
        *(
            "alice@bob@example.org",
            "ａlice@example.org",
            "alice@exämple.org",
            "alice@-x.org",
            "alice@x-.org",
            "@",
            "a@",
        ),
        *("*", "a" * 65 + "@x.org", "a@" + "x." * 200 + "org", "alice@example.org.", "<alice@example.org>"),
    ],
)
def test_what_a_server_could_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Forbidden):
        read_address(text, "email")


def test_claims_are_never_read_as_templates() -> None:
    address = read_address("{sub}@example.org", "email")
    assert username("{local}", address, "secret") == "{sub}"
    assert username("{sub}", address, "{address}") == "{address}"


@pytest.mark.parametrize("subject", ["", "a b", "a\0b", "a\nb", "ä", "a" * 300, 'a"b', "a\\b"])
def test_a_subject_that_makes_no_user_name_is_refused(subject: str) -> None:
    with pytest.raises(Forbidden):
        username("{sub}", Address("a", ""), subject)


@pytest.mark.parametrize("text", ["a." * 127, "a" * 254, "-" * 254, "a@" + "a-" * 126, "a@" + "a." * 126])
def test_no_address_takes_long(text: str) -> None:
    def twenty() -> None:
        for _ in range(20):
            with suppress(Forbidden):
                read_address(text, "email")

    assert least(twenty, 0.1) < 0.1
