"""UID THREAD against a real server."""

from __future__ import annotations

import pytest

from gateway.imap.encode.search_key import Match, ObjectIs, Plain, search_key
from gateway.imap.session import Session
from tests.imap.mails import INBOX


@pytest.mark.parametrize("algorithm", ["REFS", "REFERENCES"])
async def test_threads_are_sets_of_uids(session: Session, algorithm: str) -> None:
    for name, to in (("a", ""), ("b", "a"), ("x", ""), ("c", "b")):
        answers = f"In-Reply-To: <{to}@t>\r\n" if to else ""
        subject = f"Subject: {'thing' if name != 'x' else 'ünlike'}\r\n"
        message = f"Message-ID: <{name}@t>\r\n{answers}{subject}\r\nx\r\n".encode()
        await session.append(INBOX, len(message), message)
    await session.select(INBOX)
    found = await session.thread("REFS" if algorithm == "REFS" else "REFERENCES", Plain.ALL)
    assert sorted(map(sorted, found)) == [[1, 2, 4], [3]]
    assert await session.thread("REFS", Match("SUBJECT", "ünlike")) == ((3,),)
    assert await session.thread("REFS", Match("SUBJECT", "nowhere")) == ()


def test_gmails_thread_ids_are_numbers() -> None:
    assert search_key(ObjectIs("X-GM-THRID", "1266894439832287888")).pieces == (
        b"X-GM-THRID",
        b" ",
        b"1266894439832287888",
    )
