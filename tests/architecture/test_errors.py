"""Errors are caught by name."""

from __future__ import annotations

import ast

from .source import modules

BROAD = {"Exception", "BaseException"}


def names(node: ast.expr | None) -> set[str]:
    if node is None:
        return BROAD
    if isinstance(node, ast.Tuple):
        return set().union(*(names(item) for item in node.elts))
    return {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute) else set()


def reraises(handler: ast.ExceptHandler) -> bool:
    """The last thing it does is ``raise``: such a handler cleans up and hides nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_broad_except() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules("gateway", "tests", "bench")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and names(node.type) & BROAD and not reraises(node)
    ]
    assert not found


def test_no_broad_suppress() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules("gateway", "tests", "bench")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress"
        and set().union(*(names(item) for item in node.args)) & BROAD
    ]
    assert not found
