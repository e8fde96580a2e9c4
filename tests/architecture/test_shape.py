"""Size and names: files and functions that can be seen whole, called after what they hold."""

from __future__ import annotations

import ast

import pytest

from .source import Module, modules

MAX_FILE = 400
MAX_FUNCTION = 60
SAMPLES = "gateway/demo/mail/"  # functions that are sample letters, not steps
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

CODE = modules("gateway", "tests", "bench")
GATEWAY = modules("gateway")


def test_the_code_was_found() -> None:
    assert len(GATEWAY) > 10


def test_no_file_is_long() -> None:
    long = {module.name: lines for module in CODE if (lines := module.text.count("\n")) >= MAX_FILE}
    assert not long


def test_files_of_the_gateway_are_mostly_short() -> None:
    sizes = sorted(module.text.count("\n") for module in GATEWAY)
    assert sizes[len(sizes) // 2] <= 150


def test_no_function_is_long() -> None:
    long = {
        f"{module.name}:{node.lineno} {node.name}": length
        for module in GATEWAY
        if not module.name.startswith(SAMPLES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    }
    assert not long


def test_no_vague_names() -> None:
    vague = [module.name for module in CODE if VAGUE & set(module.path.with_suffix("").parts[-3:])]
    assert not vague


def test_package_files_are_nearly_empty() -> None:
    full = [module.name for module in GATEWAY if module.path.name == "__init__.py" and len(module.tree.body) > 6]
    assert not full


def has_annotations(module: Module) -> bool:
    return any(isinstance(node, ast.AnnAssign | ast.arg) for node in ast.walk(module.tree))


@pytest.mark.parametrize(
    "module", [module for module in CODE if has_annotations(module)], ids=lambda module: module.name
)
def test_annotations_are_postponed(module: Module) -> None:
    first = next(node for node in module.tree.body if not isinstance(node, ast.Expr))
    assert isinstance(first, ast.ImportFrom), "from __future__ import annotations comes first"
    assert first.module == "__future__"
