"""From a path to what serves it, by looking each segment up once, however many templates there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import NotFound

REST: Final = frozenset({"flag", "who"})
"""Parameters that may hold a slash, sent as %2F, that the HTTP server decodes before routing. They end a template."""


class _Node(Struct):
    """What may follow one beginning of a path. ``app``: what serves the beginning by itself."""

    app: ASGIApp | None = None
    names: tuple[str, ...] = ()
    words: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    rest: _Node | None = None


class Router:
    """ASGI: gives a request to the template that its path fits, with the parameters as ``path_params``.

    What is named by a word goes before what an id may stand for.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._root = _Node()
        for template, app in apps.items():
            self._add(template.split("/"), app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.find(scope["path"])
        if found is None:
            raise NotFound("there is nothing here")
        app, scope["path_params"] = found
        await app(scope, receive, send)

    def find(self, path: str) -> tuple[ASGIApp, dict[str, str]] | None:
        """What serves the path, and its parameters; None where there is nothing."""
        given: list[str] = []
        node = _follow(self._root, path.split("/"), 0, given)
        if node is None or node.app is None:
            return None
        return node.app, dict(zip(node.names, given, strict=True))

    def _add(self, segments: Iterable[str], app: ASGIApp) -> None:
        node, names = self._root, list[str]()
        for segment in segments:
            name = segment[1:-1] if segment.startswith("{") else None
            if name is None:
                node = node.words.setdefault(segment, _Node())
                continue
            names.append(name)
            if name in REST:
                node.rest = node = node.rest or _Node()
            else:
                node.any = node = node.any or _Node()
        node.app, node.names = app, tuple(names)


def _follow(node: _Node, segments: list[str], at: int, given: list[str]) -> _Node | None:
    """The node that the segments from ``at`` on lead to; what parameters stand for is added to ``given``."""
    if at == len(segments):
        return node if node.app is not None else None
    segment = segments[at]
    word = node.words.get(segment)
    if word is not None and (found := _follow(word, segments, at + 1, given)) is not None:
        return found
    if node.any is not None and segment:
        given.append(segment)
        if (found := _follow(node.any, segments, at + 1, given)) is not None:
            return found
        given.pop()
    if node.rest is not None and node.rest.app is not None:
        given.append("/".join(segments[at:]))
        return node.rest
    return None
