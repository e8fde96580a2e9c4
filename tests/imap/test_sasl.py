from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from gateway.errors import InvalidRequest
from gateway.imap.credential import Bearer, Credential, Password, ProxyPassword
from gateway.imap.sasl import exchange, mechanisms_for, plain, reason
from gateway.secret import Secret

JSON = b'{"status":"invalid_token"}'


def first(credential: Credential) -> bytes:
    octets = exchange(credential, mechanisms_for(credential)[0], "mail.example.org", 993).first()
    assert octets is not None
    return b64decode(octets)


def test_plain() -> None:
    assert first(Password("alice", Secret('pä"s'))) == b'\0alice\0p\xc3\xa4"s'


def test_plain_with_authzid() -> None:
    assert first(ProxyPassword("alice", "gateway", Secret("pw"))) == b"alice\0gateway\0pw"


def test_oauthbearer_is_the_one_of_the_rfc() -> None:
    """RFC 7628 section 4.1, with our host."""
    expected = b"n,a=user@example.com,\x01host=mail.example.org\x01port=993\x01auth=Bearer tok\x01\x01"
    assert first(Bearer("user@example.com", Secret("tok"))) == expected


def test_oauthbearer_escapes_the_user() -> None:
    assert first(Bearer("a=b,c", Secret("tok"))).startswith(b"n,a=a=3Db=2Cc,\x01")


def test_xoauth2() -> None:
    assert (
        first(Bearer("user@example.com", Secret("tok"), "XOAUTH2"))
        == b"user=user@example.com\x01auth=Bearer tok\x01\x01"
    )


@pytest.mark.parametrize(("mechanism", "dummy"), [("OAUTHBEARER", b"\x01"), ("XOAUTH2", b"")])
def test_a_failure_challenge_is_answered_once_and_then_cancelled(mechanism: str, dummy: bytes) -> None:
    talk = exchange(Bearer("u", Secret("t"), mechanism), mechanism, "h", 993)  # type: ignore[arg-type]
    talk.first()
    assert b64decode(talk.answer(b64encode(JSON))) == dummy
    assert talk.challenge == JSON.decode()
    assert talk.answer(b"") == b"*"


def test_without_initial_response_the_first_challenge_gets_it() -> None:
    talk = exchange(Password("alice", Secret("pw")), "PLAIN", "h", 993)
    assert b64decode(talk.answer(b"")) == b"\0alice\0pw"
    assert talk.answer(b"") == b"*"


def test_login_tells_name_then_password() -> None:
    talk = exchange(Password("alice", Secret("pw")), "LOGIN", "h", 993)
    assert talk.first() is None
    assert [b64decode(talk.answer(b"VXNlcm5hbWU6")), b64decode(talk.answer(b"x"))] == [b"alice", b"pw"]


@pytest.mark.parametrize("bad", ["a\0b"])
def test_nul_can_not_be_said(bad: str) -> None:
    for values in ((bad, "pw", ""), ("alice", bad, ""), ("alice", "pw", bad)):
        with pytest.raises(InvalidRequest):
            plain(*values)


@pytest.mark.parametrize(
    ("user", "token"), [("a\x01auth=x", "t"), ("a", "t\x01"), ("a", "t t"), ("", "t"), ("a\r\n", "t"), ("a", "tö")]
)
def test_a_bearer_exchange_can_not_be_injected_into(user: str, token: str) -> None:
    for mechanism in ("OAUTHBEARER", "XOAUTH2"):
        with pytest.raises(InvalidRequest):
            exchange(Bearer(user, Secret(token), mechanism), mechanism, "h", 993)


def test_reasons_are_short_and_printable() -> None:
    assert reason(b64encode(JSON)) == JSON.decode()
    assert reason(b"not base64!") == "not base64!"
    assert reason(b64encode(b"a\r\nb\x00" + b"x" * 9000)) == ("ab" + "x" * 9000)[:1024]


def test_secrets_do_not_show() -> None:
    credentials: list[Credential] = [
        Password("u", Secret("canary")),
        ProxyPassword("a", "u", Secret("canary")),
        Bearer("u", Secret("canary")),
    ]
    for credential in credentials:
        talk = exchange(credential, mechanisms_for(credential)[0], "h", 993)
        assert "canary" not in repr(credential) + repr(talk)


def test_fingerprints_tell_all_credentials_apart() -> None:
    credentials: list[Credential] = [
        Password("ab", Secret("c")),
        Password("a", Secret("bc")),
        Password("ab", Secret("d")),
        ProxyPassword("x", "ab", Secret("c")),
        ProxyPassword("xa", "b", Secret("c")),
        Bearer("ab", Secret("c")),
        Bearer("ab", Secret("c"), "XOAUTH2"),
        Bearer("ab", Secret("c"), own_token=True),
    ]
    assert len({credential.fingerprint() for credential in credentials}) == len(credentials)
    assert Password("ab", Secret("c")).fingerprint() == credentials[0].fingerprint()
