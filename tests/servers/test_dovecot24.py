"""The fixture itself: what other tests rely on."""

from __future__ import annotations

import imaplib
import ssl

from .dovecot24 import Dovecot24
from .test_dovecot import bearer
from .tokens import TokenIssuer


def test_a_bearer_token_of_rfc_9068_signs_in(dovecot24: Dovecot24, tokens: TokenIssuer) -> None:
    """Dovecot 2.3 refuses its ``typ``."""
    client = imaplib.IMAP4(dovecot24.host, dovecot24.port)
    status, _ = client.authenticate(
        "XOAUTH2", lambda _: bearer("alice@example.org", tokens.token("alice", typ="at+jwt"))
    )
    client.logout()
    assert status == "OK"


def test_a_name_with_and_without_its_domain_is_one_mailbox(dovecot24: Dovecot24, tokens: TokenIssuer) -> None:
    user, _ = dovecot24.guest()
    client = dovecot24.client(user)
    client.append("INBOX", "", "", b"Subject: one\r\n\r\nbody\r\n")
    client.logout()
    trusting = ssl.create_default_context(cafile=str(dovecot24.ca_file))
    client = imaplib.IMAP4_SSL("localhost", dovecot24.tls_port, ssl_context=trusting)
    client.authenticate("XOAUTH2", lambda _: bearer(f"{user}@example.org", tokens.token(user)))
    assert client.select()[1] == [b"1"]
    client.logout()
