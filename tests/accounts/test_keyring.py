from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.keyring import Keyring, SealBroken, key_of, new_key
from gateway.errors import ConfigurationError
from gateway.secret import Secret
from gateway.settings.accounts import SealingKey

OLD, NEW = ("2026-10", b"a" * 32), ("2026-11", b"b" * 32)
PLACE = st.text(max_size=30)


@given(st.text(), PLACE, PLACE)
def test_what_is_sealed_opens_in_its_place_alone(text: str, account: str, column: str) -> None:
    keyring = Keyring([NEW, OLD])
    sealed = keyring.seal(Secret(text), account, column)
    assert keyring.open(sealed, account, column) == Secret(text)
    for place in ((account + "x", column), (account, column + "x"), (account + column, ""), ("", account + column)):
        if place != (account, column):
            with pytest.raises(SealBroken):
                keyring.open(sealed, *place)


@given(st.data())
def test_whatever_octet_is_changed_it_does_not_open(data: st.DataObject) -> None:
    keyring = Keyring([NEW])
    sealed = bytearray(keyring.seal(Secret("the password"), "account", "password"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        keyring.open(bytes(sealed), "account", "password")


def test_the_same_secret_is_never_sealed_the_same() -> None:
    keyring = Keyring([NEW])
    assert len({keyring.seal(Secret("x"), "a", "b") for _ in range(50)}) == 50


def test_the_first_key_seals_and_all_open() -> None:
    before = Keyring([OLD]).seal(Secret("x"), "a", "b")
    both = Keyring([NEW, OLD])
    assert (key_of(before), key_of(both.seal(Secret("x"), "a", "b"))) == ("2026-10", "2026-11")
    assert both.open(before, "a", "b") == Secret("x")
    with pytest.raises(SealBroken, match="not configured: 2026-10"):
        Keyring([NEW]).open(before, "a", "b")
    with pytest.raises(SealBroken):
        Keyring([("2026-10", b"c" * 32)]).open(before, "a", "b")


@pytest.mark.parametrize("junk", [b"", b"\1", b"\1\40abc", b"\2" * 60, b"plain text that nobody sealed"])
def test_what_was_never_sealed_is_refused(junk: bytes) -> None:
    with pytest.raises(SealBroken):
        Keyring([NEW]).open(junk, "a", "b")


def test_keys_come_from_files_and_variables(tmp_path: Path) -> None:
    file = tmp_path / "key"
    first, second = new_key(), new_key()
    file.write_text(first + "\n")
    keys = [SealingKey(id="one", file=str(file)), SealingKey(id="two", env="KEY")]
    keyring = Keyring.open_all(keys, {"KEY": second})
    assert keyring.sealing == "one"
    assert Keyring.open_all(keys[1:], {"KEY": second}).sealing == "two"
    for wrong in ("short", new_key()[:-2], "!" * 43, new_key() + "AAAA"):
        with pytest.raises(ConfigurationError, match=r"accounts\.keys\[1\]") as error:
            Keyring.open_all(keys, {"KEY": wrong})
        assert wrong not in str(error.value)
    with pytest.raises(ConfigurationError, match=r"accounts\.keys"):
        Keyring.open_all([])
