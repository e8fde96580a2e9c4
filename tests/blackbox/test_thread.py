"""Conversations over HTTP, on every server."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from .conftest import Site
from .mail import stored


def letter(name: str, subject: str, *, to: str | None = None, references: tuple[str, ...] = ()) -> bytes:
    """``to`` is what it answers."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Sender <sender@example.org>"
    message["To"] = "Reader <reader@example.org>"
    message["Subject"] = subject
    message["Date"] = "Fri, 20 Nov 2026 09:13:58 +0100"
    message["Message-ID"] = f"<{name}.thread@example.org>"
    if to is not None:
        message["In-Reply-To"] = f"<{to}.thread@example.org>"
    if references:
        message["References"] = " ".join(f"<{one}.thread@example.org>" for one in references)
    message.set_content(f"body of {name}\n")
    return message.as_bytes()


async def put(client: httpx.AsyncClient, message: bytes, minute: int, folder: str = "inbox") -> str:
    answer = await client.post(
        f"/folders/{folder}/messages",
        content=message,
        headers={"Content-Type": "message/rfc822"},
        params={"receivedAt": f"2026-11-20T08:{minute:02}:00Z"},
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def thread(client: httpx.AsyncClient, made: str, **params: int) -> dict[str, object]:
    answer = await client.get(f"/messages/{made}/thread", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def ids(found: dict[str, object]) -> list[str]:
    messages = found["messages"]
    assert isinstance(messages, list)
    return [message["id"] for message in messages]


BASES = {"dovecot": {"refs"}, "cyrus": {"refs", "references", "threadId"}, "plain": {"headers"}}


async def test_a_conversation_across_folders_oldest_first(site: Site, client: httpx.AsyncClient) -> None:
    first = await put(client, letter("a", "Minutes"), 1)
    mine = await put(client, letter("b", "Re: Minutes", to="a", references=("a",)), 2, "sent")
    kept = await put(client, letter("c", "Re: Minutes", to="b", references=("a", "b")), 3, "archive")
    last = await put(client, letter("d", "RE: [board] Minutes", to="c", references=("a", "b", "c")), 4)
    await put(client, letter("x", "Something else"), 5)
    await put(client, letter("aa", "Minutes of another board"), 6)
    for made in (first, mine, kept, last):
        found = await thread(client, made)
        assert ids(found) == [first, mine, kept, last], found["basis"]
        assert found["basis"] in BASES[site.name]
        assert found["complete"] is True
    folders = (await thread(client, first))["folders"]
    assert isinstance(folders, list)
    assert len(folders) == 3


async def test_a_chain_that_only_leads_over_another_folder_is_followed(client: httpx.AsyncClient) -> None:
    first = await put(client, letter("p", "Question"), 1)
    mine = await put(client, letter("q", "Re: Question", to="p"), 2, "sent")
    last = await put(client, letter("r", "Re: Question", to="q"), 3)  # names only what is in Sent
    for made in (first, mine, last):
        assert ids(await thread(client, made)) == [first, mine, last]


async def test_whether_another_subject_is_another_conversation_is_the_servers_word_where_it_has_ids(
    site: Site, client: httpx.AsyncClient
) -> None:
    first = await put(client, letter("u", "Plan"), 1)
    other = await put(client, letter("v", "Something else altogether", to="u", references=("u",)), 2)
    found = await thread(client, first)
    by_id = found["basis"] == "threadId"  # RFC 8621 section 3 suggests to servers that a changed subject parts them
    assert ids(found) == ([first] if by_id else [first, other])


async def test_the_same_subject_is_no_conversation(client: httpx.AsyncClient) -> None:
    made = [await put(client, letter(f"n{number}", "Newsletter"), number) for number in range(3)]
    assert ids(await thread(client, made[1])) == [made[1]]


async def test_a_reply_that_names_nothing_is_known_by_its_subject(site: Site, client: httpx.AsyncClient) -> None:
    if site.name != "plain":
        pytest.skip("the server's own threading decides")
    first = await put(client, letter("s", "Übersicht der Kosten"), 1)
    bare = await put(client, letter("t", "Re: Übersicht der Kosten"), 2)
    assert ids(await thread(client, first)) == [first, bare]
    assert ids(await thread(client, bare)) == [first, bare]


async def test_a_long_conversation_gives_its_newest_and_the_one_that_was_named(client: httpx.AsyncClient) -> None:
    first = await put(client, letter("l0", "Long"), 0)
    rest = [await put(client, letter(f"l{n}", "Re: Long", to="l0", references=("l0",)), n) for n in range(1, 6)]
    found = await thread(client, first, limit=3)
    assert (ids(found), found["complete"]) == ([first, *rest[-2:]], False)
    assert ids(await thread(client, rest[-1], limit=3)) == rest[-3:]


async def test_without_any_header_a_message_is_its_own_conversation(client: httpx.AsyncClient) -> None:
    made = await stored(client, b"\r\nno header at all\r\n")
    await stored(client, b"\r\nneither here\r\n")
    assert ids(await thread(client, made)) == [made]


async def test_hostile_ids_lead_nowhere(client: httpx.AsyncClient) -> None:
    many = " ".join(f"<{number}.flood@example.org>" for number in range(2000))
    odd = 'Message-ID: <"\\\r\n A1 LOGOUT\\"@x>\r\nSubject: flood\r\n'
    odd += f"References: <ü@x> <> <{'y' * 900}@x> {many}\r\n\r\nx\r\n"
    made = await stored(client, odd.encode())
    other = await stored(client, b"Message-ID: <7.flood@example.org>\r\nSubject: flooded\r\n\r\nx\r\n")
    found = await thread(client, made)
    assert made in ids(found)
    assert set(ids(found)) <= {made, other}


async def test_no_such_message_and_no_such_limit(client: httpx.AsyncClient) -> None:
    made = await stored(client, letter("z", "Gone"))
    await client.delete(f"/messages/{made}", params={"permanent": "true"})
    assert (await client.get(f"/messages/{made}/thread")).status_code == 404
    assert (await client.get("/messages/nonsense/thread")).status_code == 400
    answer = await client.get(f"/messages/{made}/thread", params={"limit": 100_000})
    assert (answer.status_code, answer.json()["field"]) == (400, "limit")


async def test_a_token_for_metadata_sees_no_preview(site: Site, user: str, client: httpx.AsyncClient) -> None:
    made = await stored(client, letter("m", "Preview"))
    url = f"{site.gateway.url}/v1/accounts/me/messages/{made}/thread"
    headers = site.gateway.headers(user, scope="mail.metadata")
    async with httpx.AsyncClient(trust_env=False) as bare:
        answer = await bare.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "preview" not in answer.json()["messages"][0]
