"""The doubles fit what they stand for."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from .doubles import VERBS, Verbs


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in VERBS.items() for name in names])
def test_a_double_takes_what_the_verb_takes(module: str, name: str) -> None:
    real = inspect.signature(getattr(import_module(f"gateway.mail.{module}"), name))
    double = inspect.signature(getattr(Verbs(), name))
    assert [p.kind for p in real.parameters.values()] == [p.kind for p in double.parameters.values()]
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert [p.name for p in real.parameters.values() if p.kind is not positional] == [
        p.name for p in double.parameters.values() if p.kind is not positional
    ]
