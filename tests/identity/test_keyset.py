from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from gateway.identity.keyset import KEYS_MAX, KeySetUnreadable, read_key_set
from tests.servers.tokens import Key, make_key

Member = dict[str, object]


def public(key: Key, **changes: object) -> Member:
    member: Member = dict(key.as_dict(private=False)) | changes
    return {name: value for name, value in member.items() if value is not None}


def document(*members: object) -> bytes:
    return json.dumps({"keys": members}).encode()


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def rsa(bits: int) -> Member:
    numbers = generate_private_key(65537, bits).public_key().public_numbers()
    return {"kty": "RSA", "kid": "weak", "n": number(numbers.n), "e": number(numbers.e)}


ODD: dict[str, object] = {
    "for encryption": lambda key: public(key, use="enc"),
    "for signing only": lambda key: public(key, key_ops=["sign"], use=None),
    "for an unknown algorithm": lambda key: public(key, alg="RSA-OAEP"),
    "for another kind's algorithm": lambda key: public(key, alg="RS256"),
    "symmetric": lambda key: {"kty": "oct", "k": "AAAA", "kid": "x"},
    "no kty": lambda key: public(key, kty=None),
    "kty a list": lambda key: public(key, kty=["EC"]),
    "coordinate missing": lambda key: public(key, y=None),
    "coordinate a number": lambda key: public(key, x=1),
    "point not on the curve": lambda key: public(key, x="AAAA"),
    "curve of another": lambda key: public(key, crv="P-384"),
    "curve unknown": lambda key: public(key, crv="secp256k1"),
    "kid a number": lambda key: public(key, kid=1),
    "a string": lambda key: "key",
    "null": lambda key: None,
    "RSA with 1024 bits": lambda key: rsa(1024),
    "RSA with 2047 bits": lambda key: {"kty": "RSA", "n": number(2**2046 + 1), "e": "AQAB"},
    "RSA with 1024 bits and zeros in front": lambda key: rsa(1024) | {"n": "A" * 200 + str(rsa(1024)["n"])},
    "RSA with 9000 bits": lambda key: {"kty": "RSA", "n": number(2**9000 + 1), "e": "AQAB"},
    "RSA with an exponent of one": lambda key: {"kty": "RSA", "n": number(2**2047 + 1), "e": "AQ"},
    "RSA with a huge exponent": lambda key: {"kty": "RSA", "n": number(2**2047 + 1), "e": "A" * 2000},
    "X25519": lambda key: dict(OKPKey.generate_key("X25519").as_dict(private=False)),
    "Ed448": lambda key: dict(OKPKey.generate_key("Ed448").as_dict(private=False)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_unfit_key_is_left_out_and_costs_no_other(name: str, signing_keys: dict[str, Key]) -> None:
    good = signing_keys["ES256"]
    make = ODD[name]
    assert callable(make)
    keys = read_key_set(document(make(good), public(good)))
    assert [key.kid for key in keys.keys] == ["key-ES256"]
    assert keys.skipped == 1
    assert keys.fitting("key-ES256", "ES256")


@pytest.mark.parametrize(
    "octets", [b"", b"{", b"[]", b"null", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000, b'{"keys": ' + b"[" * 9999]
)
def test_what_is_no_key_set_is_unreadable(octets: bytes) -> None:
    with pytest.raises(KeySetUnreadable):
        read_key_set(octets)


def test_a_set_of_very_many_keys_is_not_read() -> None:
    with pytest.raises(KeySetUnreadable):
        read_key_set(document(*[{}] * (KEYS_MAX + 1)))


def test_a_key_is_used_with_its_own_algorithm_only(signing_keys: dict[str, Key]) -> None:
    keys = read_key_set(document(*(public(key) for key in signing_keys.values())))
    for alg in signing_keys:
        assert [key.kid for key in keys.fitting(f"key-{alg}", alg)] == [f"key-{alg}"]
    assert keys.algorithms == {*signing_keys, "EdDSA"}
    assert not keys.fitting("key-RS256", "PS256")
    assert not keys.fitting("key-ES256", "ES384")
    assert not keys.fitting("key-ES256", "HS256")
    assert not keys.fitting("key-ES256", "none")


def test_a_key_without_alg_serves_all_algorithms_of_its_kind(signing_keys: dict[str, Key]) -> None:
    keys = read_key_set(document(public(signing_keys["RS256"], alg=None), public(signing_keys["Ed25519"], alg="EdDSA")))
    assert keys.fitting("key-RS256", "PS512")
    assert keys.fitting("key-Ed25519", "Ed25519")
    assert keys.fitting("key-Ed25519", "EdDSA")
    assert not keys.fitting("key-RS256", "ES256")


def test_a_token_without_kid_means_a_single_fitting_key_only(signing_keys: dict[str, Key]) -> None:
    one = public(signing_keys["ES256"])
    assert read_key_set(document(one, public(signing_keys["ES384"]))).fitting(None, "ES256")
    two = public(make_key("ES256"))
    assert not read_key_set(document(one, two)).fitting(None, "ES256")


def test_private_members_are_not_even_read(signing_keys: dict[str, Key]) -> None:
    private = dict(signing_keys["ES256"].as_dict(private=True))
    keys = read_key_set(document(private))
    assert not keys.keys[0].key.is_private


def test_the_version_changes_with_the_keys_and_with_nothing_else(signing_keys: dict[str, Key]) -> None:
    one, two = public(signing_keys["ES256"]), public(signing_keys["ES384"])
    version = read_key_set(document(one)).version
    assert read_key_set(document(one | {"x5t": "other"})).version == version
    assert read_key_set(document(one, two)).version != version
    assert read_key_set(document(one | {"kid": "renamed"})).version != version
    assert read_key_set(document(public(ECKey.generate_key("P-256"), kid="key-ES256"))).version != version


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False)
members = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"]),
    scalars | st.lists(scalars, max_size=3) | st.sampled_from(["EC", "RSA", "OKP", "P-256", "Ed25519", "AQAB", "sig"]),
)


@settings(max_examples=300)
@given(st.lists(members | scalars, max_size=4))
def test_any_members_are_read_or_left_out(values: list[object]) -> None:
    assert len(read_key_set(document(*values)).keys) <= len(values)
