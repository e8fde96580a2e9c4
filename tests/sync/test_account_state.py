"""Account states round-trip, stay short while samples can be spared, and nothing but their own spelling parses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.account_state import COMFORTABLE, AccountState, KnownFolder, is_account_state, some
from gateway.sync.samples import positions, take
from gateway.sync.state import FolderState
from gateway.sync.token import Kind, write
from tests.sync.test_state import states

names = st.binary(min_size=1, max_size=30).filter(
    lambda name: b"\0" not in name and (name.upper() != b"INBOX" or name == b"INBOX")
)
known = st.builds(
    KnownFolder,
    subscribed=st.booleans(),
    selectable=st.booleans(),
    state=st.none() | states().map(lambda state: state.thinned(0)),
)


@given(st.booleans(), st.dictionaries(names, known, max_size=12))
def test_account_states_round_trip(whole: bool, folders: dict[bytes, KnownFolder]) -> None:
    state = AccountState(whole, folders)
    text = state.encode()
    assert AccountState.parse(text) == state
    assert is_account_state(text)


def test_samples_are_kept_while_there_is_room() -> None:
    sampled = FolderState(7, 9001, 0, 3000, take({seq: 3 * seq for seq in positions(3000)}, 3000))
    few = AccountState(True, {b"a": KnownFolder(state=sampled)})
    assert AccountState.parse(few.encode()) == few
    many = AccountState(True, {b"folder %d" % n: KnownFolder(state=sampled) for n in range(60)})
    text = many.encode()
    assert len(text) <= COMFORTABLE
    kept = AccountState.parse(text).folders[b"folder 1"].state
    assert kept is not None
    assert 0 < len(kept.samples) < len(sampled.samples)
    assert set(kept.samples) <= set(sampled.samples)
    assert kept.samples[-1] == sampled.samples[-1]


def test_two_hundred_folders_without_samples_go_into_a_header() -> None:
    folders = {
        b"INBOX.Projects.%04d" % n: KnownFolder(True, state=FolderState(1_790_000_000 + n, 4711, 90_000, 3000))
        for n in range(150)
    }
    assert len(AccountState(True, folders).encode()) <= COMFORTABLE


@given(states(), st.integers(0, 60))
def test_thinning_keeps_the_newest(state: FolderState, most: int) -> None:
    thin = state.thinned(most)
    assert len(thin.samples) == min(most, len(state.samples))
    assert set(thin.samples) <= set(state.samples)
    if most and state.samples:
        assert thin.samples[-1] == state.samples[-1]


def test_a_state_can_be_set() -> None:
    state = FolderState(1, 2, 3, 0)
    assert some([]).with_state(b"a", state) == some([(b"a", state)])
    subscribed = AccountState(True, {b"a": KnownFolder(subscribed=True)}).with_state(b"a", state)
    assert subscribed.folders[b"a"] == KnownFolder(subscribed=True, state=state)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x02\x00",  # neither whole nor not
        b"\x01\x01",  # a folder is missing
        b"\x01\x01\x00\x00\x00",  # without a name
        b"\x01\x02\x00\x01b\x00\x00\x01a\x00",  # not in order
        b"\x01\x02\x00\x01a\x00\x00\x01a\x00",  # twice
        b"\x01\x02\x00\x01a\x00\x00\x02ab\x00",  # what is shared is written again
        b"\x01\x01\x00\x01a\x08",  # an unknown bit
        b"\x01\x01\x00\x01\x00\x00",  # NUL
        b"\x01\x01\x00\x05inbox\x00",  # another spelling of INBOX
        b"\x01\x01\x00\x01a\x00\x00",  # more than announced
        b"\x01\x01\x00\x05a\x00",  # a name cut short
    ],
)
def test_what_is_no_state_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        AccountState.parse(write(Kind.ACCOUNT, body))
    assert caught.value.field == "since"


@given(st.binary(max_size=60))
def test_any_octets_parse_or_are_refused(body: bytes) -> None:
    text = write(Kind.ACCOUNT, body)
    try:
        parsed = AccountState.parse(text)
    except InvalidRequest:
        return
    assert parsed.encode() == text


def test_names_that_can_have_no_id_are_refused() -> None:
    for name in (b"", b"a\0", b"a" * 5000):
        with pytest.raises(LocalError):
            AccountState(False, {name: KnownFolder()})
