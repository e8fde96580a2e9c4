"""What is often written: IMAPClient, and a connection for each request."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import ssl
from itertools import cycle
from typing import Any

from imapclient import IMAPClient

from bench.letters import MARKER, PAGE, PART_OCTETS
from bench.site import Site
from bench.work import Work, WrongAnswer

SUMMARY = ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE"]


class PerRequest:
    name = "IMAPClient, connecting"

    def __init__(self, site: Site) -> None:
        self._site = site

    def client(self, number: int) -> PerRequestClient:
        return PerRequestClient(self._site, self._site.users[number])


class PerRequestClient:
    """Connect, TLS, sign in, select, fetch, parse, log out; lists and messages are made into JSON."""

    can = frozenset(Work)

    def __init__(self, site: Site, user: str) -> None:
        self._user, self._password = user, site.server.password(user)
        self._mailbox = site.mailbox
        self._port = site.server.tls_port
        self._tls = ssl.create_default_context(cafile=str(site.server.ca_file))
        self._letters = cycle(site.mailbox.letters)
        self._flagged = False

        with self._signed_in() as client:
            client.select_folder("INBOX")
            client.remove_flags(self._mailbox.newest[1], [b"\\Flagged"])

    def do(self, work: Work) -> None:
        with self._signed_in() as client:
            client.select_folder("INBOX", readonly=work is not Work.FLAG)
            self._work(client, work)

    def close(self) -> None:
        pass

    def _signed_in(self) -> Any:
        client = IMAPClient("localhost", port=self._port, ssl_context=self._tls, timeout=20)
        client.login(self._user, self._password)
        return client

    def _work(self, client: Any, work: Work) -> None:
        match work:
            case Work.PAGE | Work.FIRST:
                page = client.fetch(list(self._mailbox.newest), SUMMARY)
                _expect(len(page) == PAGE and len(_json(page)) > 0)
            case Work.SAME:
                _expect(b"UIDNEXT" in client.folder_status("INBOX", ["MESSAGES", "UIDNEXT", "HIGHESTMODSEQ"]))
            case Work.MESSAGE:
                fetched = client.fetch(next(self._letters), [*SUMMARY, "BODY.PEEK[HEADER.FIELDS (REFERENCES)]"])
                _expect(len(_json(fetched)) > 0)
            case Work.BODY:
                _expect(MARKER in _body(client, next(self._letters)))
            case Work.PART:
                ((_, fetched),) = client.fetch(self._mailbox.large, ["BODYSTRUCTURE", "BODY.PEEK[2]"]).items()
                _expect(len(base64.b64decode(fetched[b"BODY[2]"])) == PART_OCTETS)
            case Work.FLAG:
                self._flagged = not self._flagged
                change = client.add_flags if self._flagged else client.remove_flags
                uid = self._mailbox.newest[1]
                _expect((b"\\Flagged" in change(uid, [b"\\Flagged"])[uid]) is self._flagged)


def _body(client: Any, uid: int) -> str:
    """The message as a whole, taken apart here."""
    octets = client.fetch(uid, ["BODY.PEEK[]"])[uid][b"BODY[]"]
    message = email.message_from_bytes(octets, policy=email.policy.default)
    texts = (message.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    return "".join(text.get_content() for text in texts if text is not None)


def _json(fetched: Any) -> str:
    return json.dumps([{str(name): value for name, value in item.items()} for item in fetched.values()], default=str)


def _expect(held: bool) -> None:
    if not held:
        raise WrongAnswer("the mail server's answer lacks what was asked for")
