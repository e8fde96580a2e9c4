"""From the path and method of an operation in a batch to its endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.errors import InvalidRequest, NotFound, Unprocessable
from gateway.http.endpoint import ACCOUNT, AnyEndpoint
from gateway.http.problem import NotAllowed

_SEGMENT: Final = re.compile(r"\{[a-z]+\}")


class Paths:
    """Which endpoint an operation's path and method mean."""

    def __init__(self, table: Iterable[AnyEndpoint]) -> None:
        self._templates: dict[tuple[str, ...], dict[str, AnyEndpoint]] = {}
        for endpoint in table:
            self.add(endpoint)

    def add(self, endpoint: AnyEndpoint) -> None:
        if endpoint.path.startswith(ACCOUNT):
            template = tuple(endpoint.path.removeprefix(ACCOUNT).split("/"))
            self._templates.setdefault(template, {})[endpoint.method] = endpoint

    def find(self, method: str, path: str) -> tuple[AnyEndpoint, dict[str, str]]:
        """The endpoint and the path's parameters, unchecked. Raises NotFound, NotAllowed, Unprocessable."""
        segments = path.split("/")
        for template, methods in self._templates.items():
            if len(template) != len(segments) or not all(map(_fits, template, segments)):
                continue
            endpoint = methods.get(method)
            if endpoint is None:
                raise NotAllowed(tuple(sorted(methods)))
            if not endpoint.in_batch:
                raise Unprocessable("this can't be an operation of a batch; request it by itself", field="path")
            found = {name[1:-1]: text for name, text in zip(template, segments, strict=True) if _SEGMENT.match(name)}
            return endpoint, {name: _text(text) for name, text in found.items()}
        raise NotFound("there is nothing here", field="path")


def _fits(template: str, segment: str) -> bool:
    return bool(segment) and (template == segment or _SEGMENT.fullmatch(template) is not None)


def _text(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("this is not UTF-8", field="path") from None
