"""Sealing: secrets at rest, each bound to the account and the column it stands in.

AES-256-GCM with a random nonce (RFC 5116 section 5.2). A sealed value is one octet of version, one of the key id's
length, the key id, the nonce of 12 octets, and the ciphertext. All that says where it belongs is associated data: a
value that was moved to another row or column, or whose key id was changed, does not open.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from gateway.errors import ConfigurationError, Unavailable
from gateway.secret import Secret
from gateway.settings.accounts import SealingKey
from gateway.settings.kept_secret import SecretFile, SecretVariable

KEY_OCTETS: Final = 32
_VERSION: Final = 1
_NONCE_OCTETS: Final = 12
_CONTEXT: Final = b"imap-gateway linked account"


class SealBroken(Unavailable):
    """A sealed value can't be opened: its key is not configured, or it is not what was sealed in this place."""


class _Key(Struct, frozen=True):
    id: str
    cipher: AESGCM


def new_key() -> str:
    """A fresh key, as its file holds it: 32 random octets in base64url."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_OCTETS)).rstrip(b"=").decode("ascii")


class Keyring:
    """The first key seals, every key opens what it sealed."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        self._keys = {name: _Key(name, AESGCM(octets)) for name, octets in keys}
        self._first = self._keys[keys[0][0]]

    @classmethod
    def open_all(cls, keys: Sequence[SealingKey], environ: Mapping[str, str] = os.environ) -> Keyring:
        """Raises ConfigurationError where there is no key, or one of them can't be had."""
        if not keys:
            raise ConfigurationError("is needed: see gateway keys generate", key="accounts.keys", where="the settings")
        return cls([(key.id, _octets(key, f"accounts.keys[{n}]", environ)) for n, key in enumerate(keys)])

    @property
    def sealing(self) -> str:
        """The id of the key that seals."""
        return self._first.id

    def seal(self, secret: Secret, account: str, column: str) -> bytes:
        """The secret as it may be stored in ``column`` of ``account``'s row, and nowhere else."""
        name = self._first.id.encode("ascii")
        head = bytes((_VERSION, len(name))) + name
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        sealed = self._first.cipher.encrypt(nonce, secret.reveal().encode("utf-8"), _place(head, account, column))
        return head + nonce + sealed

    def open(self, sealed: bytes, account: str, column: str) -> Secret:
        """Raises SealBroken, which names the key that is missing and nothing else."""
        head, nonce, ciphertext = _split(sealed)
        name = head[2:].decode("ascii", "replace")
        key = self._keys.get(name)
        if key is None:
            raise SealBroken(f"the key that this account's secret was sealed with is not configured: {name}")
        try:
            return Secret(key.cipher.decrypt(nonce, ciphertext, _place(head, account, column)).decode("utf-8"))
        except InvalidTag as error:
            raise SealBroken("this account's secret was not sealed for this place, or was changed") from error


def key_of(sealed: bytes) -> str:
    """The id of the key that a value was sealed with. Raises SealBroken."""
    return _split(sealed)[0][2:].decode("ascii", "replace")


def _place(head: bytes, *parts: str) -> bytes:
    """Each part preceded by its length: no two places read the same."""
    place = _CONTEXT + head
    for part in parts:
        octets = part.encode("utf-8")
        place += len(octets).to_bytes(4, "big") + octets
    return place


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < 2 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1] + _NONCE_OCTETS:
        raise SealBroken("this account's secret is not stored in a form that can be opened")
    name_end = 2 + sealed[1]
    nonce_end = name_end + _NONCE_OCTETS
    return sealed[:name_end], sealed[name_end:nonce_end], sealed[nonce_end:]


def _octets(key: SealingKey, setting: str, environ: Mapping[str, str]) -> bytes:
    if key.file is not None:
        text, where = SecretFile(key.file, f"{setting}.file", "the key").read().reveal(), key.file
    else:
        name = key.env or ""
        text = SecretVariable(name, environ, f"{setting}.env", "the key").read().reveal()
        where = f"environment variable {name}"
    try:
        octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        octets = b""
    if len(octets) != KEY_OCTETS:
        raise ConfigurationError(
            "is no key: 32 octets in base64url, as gateway keys generate makes them", key=setting, where=where
        )
    return octets
