from __future__ import annotations

import imaplib
import ssl

from .cyrus import Cyrus


def test_a_first_sign_in_makes_the_folders(cyrus: Cyrus) -> None:
    user, password = cyrus.guest()
    client = cyrus.client(user, password)
    assert client.append("INBOX", "", "", b"Subject: one\r\n\r\nbody\r\n")[0] == "OK"
    folders = b" ".join(line for line in client.list()[1] if isinstance(line, bytes))
    client.logout()
    assert b"Sent" in folders
    assert b"INBOX" in folders


def test_tls_is_verified(cyrus: Cyrus) -> None:
    trusting = ssl.create_default_context(cafile=str(cyrus.ca_file))
    client = imaplib.IMAP4_SSL("localhost", cyrus.tls_port, ssl_context=trusting)
    assert "IDLE" in client.capabilities
    client.logout()


def test_a_folder_is_shared(cyrus: Cyrus) -> None:
    (owner, _), (guest, _) = cyrus.guest(), cyrus.guest()
    client = cyrus.client(owner)
    client.create("Team")
    assert client.setacl("Team", guest, "lr")[0] == "OK"
    client.logout()
    client = cyrus.client(guest)
    assert client.select(f'"Other Users/{owner}/Team"', readonly=True)[0] == "OK"
    client.logout()
