from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.identity.key_file import FileKeys
from tests.servers.tokens import Key


async def has(keys: FileKeys, alg: str) -> bool:
    await keys.prepare(f"key-{alg}", alg)
    return bool(keys.at_hand(f"key-{alg}", alg))


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path, signing_keys: dict[str, Key]) -> None:
    path = tmp_path / "jwks.json"

    def write(*algs: str) -> None:
        path.write_text(json.dumps({"keys": [signing_keys[alg].as_dict(private=False) for alg in algs]}))

    write("ES256")
    keys = FileKeys(path)
    await keys.start()
    assert await has(keys, "ES256")
    version = keys.version
    write("RS256")
    assert keys.version != version
    assert await has(keys, "RS256")
    assert not await has(keys, "ES256")
    path.write_text("{")
    assert await has(keys, "RS256")
    path.unlink()
    assert await has(keys, "RS256")
    write("ES256")
    os.utime(path, ns=(1, 1))
    assert await has(keys, "ES256")


async def test_a_file_that_never_was_readable_is_unavailable(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "absent.json")
    await keys.start()
    with pytest.raises(Unavailable):
        await keys.prepare("k", "ES256")
