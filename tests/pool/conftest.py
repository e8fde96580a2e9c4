"""Rigs that leave nothing behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .fakes import MakeRig, Rig


@pytest.fixture
async def make() -> AsyncIterator[MakeRig]:
    rigs: list[Rig] = []

    def made(**limits: float) -> Rig:
        rigs.append(Rig(**limits))
        return rigs[-1]

    yield made
    for rig in rigs:
        await rig.end()
