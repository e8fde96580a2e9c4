"""The floors below fit the interfaces that the HTTP floor asks for: checked by the type checker and at run time."""

from __future__ import annotations

import inspect

import pytest

from gateway.accounts.directory import Directory
from gateway.http.services import Accounts, Authenticates, Events, Watches
from gateway.identity.authenticator import Authenticator
from gateway.live.hub import Hub
from gateway.live.stream import Stream


def fits(
    hub: Hub, stream: Stream, authenticator: Authenticator, directory: Directory
) -> tuple[Watches, Events, Authenticates, Accounts]:
    return hub, stream, authenticator, directory


@pytest.mark.parametrize(
    ("real", "asked"),
    [
        (Hub.subscribe, Watches.subscribe),
        (Stream.next, Events.next),
        (Stream.close, Events.close),
        (Authenticator.authenticate, Authenticates.authenticate),
        (Directory.accounts, Accounts.accounts),
        (Directory.resolve, Accounts.resolve),
    ],
)
def test_the_real_ones_take_as_many_arguments(real: object, asked: object) -> None:
    assert callable(real)
    assert callable(asked)
    assert len(inspect.signature(real).parameters) == len(inspect.signature(asked).parameters)
    assert inspect.iscoroutinefunction(real) == inspect.iscoroutinefunction(asked)
