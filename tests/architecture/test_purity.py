"""The grammar, the message room and the sync room work on octets and values: no loop, no socket, no framework."""

from __future__ import annotations

import pytest

from .source import Module, modules

FORBIDDEN = ("asyncio", "socket", "ssl", "starlette", "aioimaplib", "prometheus_client")
SHELL = ("connection", "session", "literal_stream", "tls")


def is_shell(name: str) -> bool:
    """The part of ``gateway/imap`` that talks to the network: ``session.py``, ``session_idle.py``, …"""
    return name.startswith(SHELL)


def is_pure(module: Module) -> bool:
    return module.room in ("message", "sync") or (module.room == "imap" and not is_shell(module.path.stem))


PURE = [module for module in modules("gateway") if is_pure(module)]


def test_pure_modules_were_found() -> None:
    assert {module.room for module in PURE} == {"imap", "message", "sync"}


@pytest.mark.parametrize("module", PURE, ids=lambda module: module.name)
def test_a_pure_module_imports_no_machinery(module: Module) -> None:
    found = [
        f"{module.name}:{line} {name}"
        for line, name in module.imports()
        if name.split(".")[0] in FORBIDDEN
        or (name.startswith("gateway.imap.") and is_shell(name.split(".")[2]))
        or name.startswith("gateway.metrics")
    ]
    assert not found


@pytest.mark.parametrize("package", ["aioimaplib"])
def test_one_module_knows_the_imap_dependency(package: str) -> None:
    users = {
        module.name
        for module in modules("gateway")
        for _, name in module.imports()
        if name == package or name.startswith(f"{package}.")
    }
    assert users <= {"gateway/imap/connection.py"}
