"""What of a request goes into the audit, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.types import Scope

from gateway.audit import Detail, digest
from gateway.errors import GatewayError, InsufficientScope, SignInRefused
from gateway.http.base import caller_of, route_template
from gateway.http.call import Call
from gateway.http.services import services_of


class Noted:
    """What is known of an act once it is done: ``details`` are added to its line."""

    def __init__(self) -> None:
        self.details: dict[str, Detail] = {}

    def add(self, **details: Detail) -> None:
        self.details |= details


@contextmanager
def noted(call: Call[Any, Any], event: str, account: str, **details: Detail) -> Iterator[Noted]:
    """One line for the act in the block, however it ends: `ok`, a problem's type, or `unknown` where it broke off."""
    more, outcome = Noted(), "unknown"
    try:
        yield more
        outcome = "ok"
    except GatewayError as error:
        outcome = error.answer().type
        raise
    finally:
        caller = call.caller
        call.services.audit.record(
            event,
            issuer=caller.issuer,
            subject=caller.subject,
            account=account,
            **{**details, **more.details, "outcome": outcome},
        )


def folder(call: Call[Any, Any]) -> str:
    """The folder of the path, which names it: its digest."""
    return digest(call.folder)


def note_refusal(error: GatewayError, scope: Scope) -> None:
    """A scope that a token lacks, and credentials that a mail server refuses; of a caller who is known."""
    caller = caller_of(scope)
    if caller is None or not isinstance(error, InsufficientScope | SignInRefused):
        return
    reference = scope.get("path_params", {}).get("account")
    details: dict[str, Detail] = {"method": scope["method"], "route": plain_route(route_template(scope))}
    if isinstance(error, InsufficientScope):
        event, details["scope"] = "scope-refused", error.scope
    else:
        event, details["code"] = "sign-in-refused", error.imap_code
    services_of(scope).audit.record(
        event,
        issuer=caller.issuer,
        subject=caller.subject,
        account=None if reference == "me" else reference,
        outcome="refused",
        **details,
    )


def plain_route(template: str) -> str:
    """A route as plain words: `v1/accounts/account/folders`."""
    return template.strip("/").replace("{", "").replace("}", "")
