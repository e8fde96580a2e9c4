"""No hidden state: nothing at module level changes, nothing is rebound by a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Module, modules

GATEWAY = modules("gateway")
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_CALLS = {
    *("list", "dict", "set", "bytearray"),
    *("defaultdict", "Counter", "deque", "OrderedDict", "WeakValueDictionary"),
}
STATEFUL_CALLS = {
    *("Lock", "Event", "Condition", "Semaphore", "Queue", "ContextVar", "local"),
    *("CollectorRegistry", "AsyncClient"),
}
MUTATORS = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault", "popitem"),
}


def called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def top_level(module: Module) -> Iterator[tuple[str, ast.expr, int]]:
    for node in module.tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value, node.lineno) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            yield node.target.id, node.value, node.lineno


def is_constant_name(name: str) -> bool:
    return name.isupper() or (name.startswith("__") and name.endswith("__"))


def changed_name(node: ast.AST) -> str:
    """The name of what a statement changes in place, or an empty string."""
    target: ast.AST | None = None
    if isinstance(node, ast.Assign):
        target = node.targets[0]
    elif isinstance(node, ast.AugAssign):
        target = node.target
    elif isinstance(node, ast.Delete):
        target = node.targets[0]
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        return target.value.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        return node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    return ""


def test_containers_at_module_level_are_constants() -> None:
    found = [
        f"{module.name}:{line} {name}"
        for module in GATEWAY
        for name, value, line in top_level(module)
        if (isinstance(value, MUTABLE) or called(value) in MUTABLE_CALLS) and not is_constant_name(name)
    ]
    assert not found


def test_constants_are_never_changed() -> None:
    found = [
        f"{module.name}:{getattr(node, 'lineno', 0)} {name}"
        for module in GATEWAY
        for node in ast.walk(module.tree)
        if (name := changed_name(node)) and is_constant_name(name)
    ]
    assert not found


def test_nothing_stateful_is_made_on_import() -> None:
    found = [
        f"{module.name}:{line} {name}"
        for module in GATEWAY
        for name, value, line in top_level(module)
        if called(value) in STATEFUL_CALLS
    ]
    assert not found


def test_no_function_rebinds_a_global() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in GATEWAY
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]
    assert not found


def test_caches_are_bounded() -> None:
    """An unbounded cache on mail data is a leak that a stranger can drive."""
    found = [
        f"{module.name}:{node.lineno} {node.name}"
        for module in GATEWAY
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.args
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Name) and decorator.id == "cache"
    ]
    assert not found
