"""Ids round-trip; whatever else is sent is an InvalidRequest that names its field."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.cursor import Cursor, fingerprint
from gateway.sync.ids import MAX_MAILBOX, MessageId, folder_id, parse_folder_id
from gateway.sync.state import MAX_TOKEN, FolderState
from gateway.sync.token import Kind, read, write

URL_SAFE = set(string.ascii_letters + string.digits + "-_")
ROLES = ("inbox", "sent", "drafts", "trash", "junk", "archive", "flagged", "all")
uint32 = st.integers(0, 2**32 - 1)
uids = st.integers(1, 2**32 - 1)
names = st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name and name.upper() != b"INBOX")

PARSERS: dict[str, Callable[[str], object]] = {
    "folder": parse_folder_id,
    "id": MessageId.parse,
    "cursor": Cursor.parse,
    "since": FolderState.parse,
}
ANY = {
    "folder": folder_id(b"Archive/2026 &- more"),
    "id": MessageId(b"INBOX", 1_700_000_000, 4_242).encode(),
    "cursor": Cursor(1_700_000_000, 77, fingerprint("a")).encode(),
    "since": FolderState(1_700_000_000, 900, 12_345, 800, ((3, 1), (70, 20), (899, 800))).encode(),
}


@given(names)
def test_folder_ids_round_trip(name: bytes) -> None:
    text = folder_id(name)
    assert set(text) <= URL_SAFE
    assert text not in ROLES
    assert not text[0].islower()
    assert parse_folder_id(text) == name


@given(names, uint32, uids)
def test_message_ids_round_trip(name: bytes, uidvalidity: int, uid: int) -> None:
    message = MessageId(name, uidvalidity, uid)
    assert set(message.encode()) <= URL_SAFE
    assert MessageId.parse(message.encode()) == message


@given(uint32, uids, st.text())
def test_cursors_round_trip(uidvalidity: int, uid: int, query: str) -> None:
    cursor = Cursor(uidvalidity, uid, fingerprint(query))
    assert set(cursor.encode()) <= URL_SAFE
    assert Cursor.parse(cursor.encode(), fingerprint=fingerprint(query)) == cursor


def attempt(kind: str, text: str) -> object | None:
    """The value, or None after an InvalidRequest that named the field and did not repeat what was sent."""
    try:
        return PARSERS[kind](text)
    except InvalidRequest as error:
        refused = error
    assert refused.field == kind
    assert len(refused.detail) < 100
    return None


@pytest.mark.parametrize("kind", PARSERS)
@given(text=st.text(max_size=60) | st.text(alphabet=sorted(URL_SAFE), max_size=60))
def test_any_text_parses_or_is_an_invalid_request(kind: str, text: str) -> None:
    attempt(kind, text)


@pytest.mark.parametrize("kind", PARSERS)
@given(body=st.binary(max_size=80))
def test_any_octets_of_the_right_kind_parse_or_are_an_invalid_request(kind: str, body: bytes) -> None:
    """Past the outer form: what parses also re-encodes to the very same token."""
    of_kind = dict(zip(PARSERS, (Kind.FOLDER, Kind.MESSAGE, Kind.CURSOR, Kind.STATE), strict=True))
    text = write(of_kind[kind], body)
    match attempt(kind, text):
        case bytes() as name:
            assert folder_id(name) == text
        case MessageId() | Cursor() | FolderState() as value:
            assert value.encode() == text


@pytest.mark.parametrize("kind", PARSERS)
@given(at=st.integers(0, 10_000), char=st.sampled_from(sorted(URL_SAFE)))
def test_one_changed_character_never_parses_to_the_same_value(kind: str, at: int, char: str) -> None:
    good = ANY[kind]
    at %= len(good)
    bad = good[:at] + char + good[at + 1 :]
    assert bad == good or attempt(kind, bad) != PARSERS[kind](good)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text + "=",
        lambda text: text + "==",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text + "A",
        lambda text: text + "AAAA",
        lambda text: text[:-1],
        lambda text: text + "é",
        lambda text: text + "\ud800",
        lambda text: text.replace(text[2], "+", 1),
        lambda text: text.replace(text[2], "/", 1),
        lambda text: text.replace(text[2], "\0", 1),
        lambda text: "A" * 10_000_000,
    ],
)
def test_other_spellings_are_refused(kind: str, spoil: Callable[[str], str]) -> None:
    good = ANY[kind]
    assert attempt(kind, spoil(good)) != PARSERS[kind](good)


def test_padding_bits_have_one_spelling() -> None:
    text = folder_id(b"abc")  # four octets: the last character has four bits that mean nothing
    tail = text[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(tail) | 1]
    with pytest.raises(InvalidRequest):
        parse_folder_id(text[:-1] + other)


def test_a_token_of_one_kind_is_none_of_another() -> None:
    for kind, parse in PARSERS.items():
        for other, text in ANY.items():
            if other != kind:
                with pytest.raises(InvalidRequest):
                    parse(text)


def test_the_field_is_the_callers() -> None:
    with pytest.raises(InvalidRequest) as caught:
        MessageId.parse("?", field="ids[3]")
    assert caught.value.field == "ids[3]"


def test_inbox_has_one_id() -> None:
    assert folder_id(b"inBox") == folder_id(b"INBOX")
    assert MessageId(b"inbox", 1, 1) == MessageId(b"INBOX", 1, 1)
    with pytest.raises(InvalidRequest):
        parse_folder_id(write(Kind.FOLDER, b"inbox"))
    assert parse_folder_id(folder_id(b"inbox/x")) == b"inbox/x"


def test_nul_and_emptiness_have_no_id() -> None:
    for name in (b"", b"a\0b", b"x" * (MAX_MAILBOX + 1)):
        with pytest.raises(LocalError):
            folder_id(name)
        with pytest.raises(InvalidRequest):
            parse_folder_id(write(Kind.FOLDER, name))


def test_the_longest_names_have_ids() -> None:
    name = b"x" * MAX_MAILBOX
    assert parse_folder_id(folder_id(name)) == name
    assert MessageId.parse(MessageId(name, 1, 1).encode()).mailbox == name


def test_uid_zero_and_short_bodies_are_refused() -> None:
    for body in (b"", b"\0" * 8, b"\0\0\0\1\0\0\0\0INBOX", b"\0\0\0\1\0\0\0\1"):
        with pytest.raises(InvalidRequest):
            MessageId.parse(write(Kind.MESSAGE, body))
    for uidvalidity, uid in ((1, 0), (1, 2**32), (2**32, 1), (-1, 1)):
        with pytest.raises(LocalError):
            MessageId(b"a", uidvalidity, uid)


def test_a_cursor_of_another_query_is_refused() -> None:
    text = Cursor(1, 2, fingerprint("unseen")).encode()
    with pytest.raises(InvalidRequest, match="another filter"):
        Cursor.parse(text, fingerprint=fingerprint("flagged"))


@given(st.lists(st.none() | st.text(max_size=5), max_size=5), st.lists(st.none() | st.text(max_size=5), max_size=5))
def test_fingerprints_tell_queries_apart(one: list[str | None], other: list[str | None]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


@given(st.text(max_size=40))
def test_reading_a_token_never_fails_otherwise(text: str) -> None:
    try:
        body = read(text, Kind.STATE, cap=MAX_TOKEN, field="f")
    except InvalidRequest:
        return
    assert write(Kind.STATE, body) == text
