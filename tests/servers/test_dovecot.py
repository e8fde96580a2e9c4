"""The fixture itself: what other tests rely on."""

from __future__ import annotations

import imaplib
import ssl

import pytest

from tests.conftest import DovecotFactory

from .dovecot import Dovecot
from .dovecot_config import DovecotOptions
from .filling import fill
from .tokens import TokenIssuer


def bearer(user: str, token: str) -> bytes:
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


@pytest.mark.parametrize("profile", ["rfc9068", "keycloak"])
def test_a_bearer_token_signs_in(dovecot: Dovecot, tokens: TokenIssuer, profile: str) -> None:
    token = tokens.token("alice", profile="keycloak" if profile == "keycloak" else "rfc9068", typ="JWT")
    client = imaplib.IMAP4(dovecot.host, dovecot.port)
    status, _ = client.authenticate("XOAUTH2", lambda _: bearer("alice@example.org", token))
    client.logout()
    assert status == "OK"


def test_a_token_of_a_withdrawn_key_is_refused(dovecot: Dovecot, tokens: TokenIssuer) -> None:
    client = imaplib.IMAP4(dovecot.host, dovecot.port)
    token = tokens.token("alice", typ="JWT", header={"kid": "unknown"})
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.authenticate("XOAUTH2", lambda _: bearer("alice@example.org", token))
    client.shutdown()


def test_tls_is_verified_with_its_own_authority(dovecot: Dovecot) -> None:
    trusting = ssl.create_default_context(cafile=str(dovecot.ca_file))
    client = imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=trusting)
    client.logout()
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=ssl.create_default_context())


def test_a_master_user_opens_a_mailbox(dovecot: Dovecot) -> None:
    client = imaplib.IMAP4(dovecot.host, dovecot.port)
    assert client.authenticate("PLAIN", lambda _: b"carol\0gateway\0masterpw")[0] == "OK"
    client.logout()
    assert dovecot.client("carol*gateway", "masterpw").logout()[0] == "BYE"


def test_connections_are_counted(dovecot: Dovecot) -> None:
    user, password = dovecot.guest()
    first, second = dovecot.client(user, password), dovecot.client(user, password)
    assert dovecot.who(user) == 2
    first.logout()
    second.logout()


def test_restart_keeps_port_and_mail(dovecot_factory: DovecotFactory) -> None:
    server = dovecot_factory(DovecotOptions(max_connections=3))
    port = server.port
    client = server.client("alice")
    client.append("INBOX", "", "", b"Subject: kept\r\n\r\nbody\r\n")
    client.shutdown()
    server.stop()
    server.start()
    client = server.client("alice")
    assert (server.port, client.select()[1]) == (port, [b"1"])
    client.logout()


def test_the_connection_limit_is_a_limit(dovecot_factory: DovecotFactory) -> None:
    server = dovecot_factory(DovecotOptions(max_connections=1))
    client = server.client("alice")
    with pytest.raises(imaplib.IMAP4.error, match=r"LIMIT|Maximum number"):
        server.client("alice")
    client.logout()


def test_a_folder_of_many_messages(dovecot_factory: DovecotFactory) -> None:
    server = dovecot_factory(DovecotOptions(mdbox=True))
    client = server.client("alice")
    fill(client, "Many", 10_000, seed=100)
    assert client.select("Many")[1] == [b"10000"]
    client.logout()


def test_quota_and_shared_folders(dovecot_factory: DovecotFactory) -> None:
    server = dovecot_factory(DovecotOptions(full=True, quota="1M"))
    client = server.client("alice")
    assert {"QUOTA", "ACL", "METADATA"} <= set(client.capabilities) | set(client.capability()[1][0].decode().split())
    assert client.append("Public/News", "", "", b"Subject: news\r\n\r\nbody\r\n")[0] == "OK"
    assert client.append("INBOX", "", "", b"Subject: big\r\n\r\n" + b"x" * 2_000_000)[0] == "NO"
    client.create("Team")
    assert client.setacl("Team", "bob", "lr")[0] == "OK"
    client.logout()
    client = server.client("bob")
    assert b'"/" shared/alice/Team' in b"".join(line for line in client.list()[1] if isinstance(line, bytes))
    assert client.select("shared/alice/Team", readonly=True)[0] == "OK"
    client.logout()
