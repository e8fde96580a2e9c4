"""Answers that are compressed: for whom, from which size on, and under which entity tag."""

from __future__ import annotations

import gzip as reference

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from gateway.http import packed
from gateway.http.packed import PLAIN, TURN, WORTH, Packed, gzip, marked, takes_gzip, unmarked
from gateway.mail.pages import Listed

LONG = b'{"subject": "hello"}' * 100


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        *(("gzip", True), ("GZip", True), ("x-gzip", True), ("deflate, gzip;q=1.0", True), ("br, gzip ; q=0.1", True)),
        *(("*", True), ("*;q=0.5, br", True), ("gzip;q=1.000", True), ("\tgzip\t", True)),
        *(("", False), ("identity", False), ("br, deflate", False), ("gzip;q=0", False), ("gzip;q=0.000", False)),
        *(("*;q=0", False), ("*, gzip;q=0", False), ("gzipped", False), ("gzip;level=9", False), ("gzip;q=2", False)),
        (",".join([*["br"] * 20, "gzip"]), False),
    ],
)
def test_who_takes_gzip(accept: str, taken: bool) -> None:
    assert takes_gzip(accept) is taken


@given(st.text(max_size=60))
def test_any_header_is_an_answer(accept: str) -> None:
    assert takes_gzip(accept) in (True, False)


@given(st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=8).map('"{}"'.format))
def test_a_mark_comes_off_as_it_was_put_on(etag: str) -> None:
    assert marked(etag) != etag
    assert unmarked(marked(etag)) == etag


@pytest.mark.parametrize("octets", [0, 1, TURN, TURN + 1, 5 * TURN])
async def test_it_is_the_same_body(octets: int) -> None:
    body = (LONG * (octets // len(LONG) + 1))[:octets]
    assert reference.decompress(await gzip(body)) == body


async def sent(response: Packed, scope: Scope | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    messages: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        messages.append(message)

    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await response({"type": "http", "headers": lines, **(scope or {})}, receive, send)
    head = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], head, b"".join(each.get("body", b"") for each in messages[1:])


async def test_a_long_answer_is_compressed() -> None:
    status, head, body = await sent(Packed(LONG, headers={"ETag": '"a"'}), accept_encoding="gzip")
    assert (status, head["content-encoding"], head["etag"]) == (200, "gzip", '"a;gz"')
    assert int(head["content-length"]) == len(body) < len(LONG) / 10
    assert reference.decompress(body) == LONG


async def test_a_body_that_is_sent_again_is_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Listed(LONG, None)

    def answer() -> Packed:
        return Packed(page.json, headers={"ETag": '"a"'}, form=page)

    _, _, plain = await sent(answer())
    assert (plain, page.packed) == (LONG, None)
    _, first_head, first = await sent(answer(), accept_encoding="gzip")
    monkeypatch.setattr(packed, "gzip", None)  # it is not called again
    _, head, again = await sent(answer(), accept_encoding="gzip")
    assert (head, again) == (first_head, first)
    assert reference.decompress(again) == LONG


@pytest.mark.parametrize("reason", ["not asked for", "short", "kept"])
async def test_others_are_sent_as_they_are(reason: str) -> None:
    content = LONG[: WORTH - 1] if reason == "short" else LONG
    accept = "br" if reason == "not asked for" else "gzip"
    scope = {PLAIN: True} if reason == "kept" else {}
    _, head, body = await sent(Packed(content, headers={"ETag": '"a"'}), scope, accept_encoding=accept)
    assert body == content
    assert "content-encoding" not in head
    assert head["etag"] == '"a"'


@pytest.mark.parametrize(
    ("condition", "told"),
    [('"a;gz"', '"a;gz"'), ('W/"a;gz", "b"', '"a;gz"'), ('"a"', '"a"'), ("*", '"a"'), ("", '"a"')],
)
async def test_a_304_tells_the_tag_that_the_client_has(condition: str, told: str) -> None:
    response = Packed(status_code=304, headers={"ETag": '"a"'})
    status, head, body = await sent(response, accept_encoding="gzip", if_none_match=condition)
    assert (status, head["etag"], body) == (304, told, b"")
