from __future__ import annotations

import pytest

from gateway.errors import InsufficientScope
from gateway.identity.principal import Principal
from gateway.identity.scope import MEANING, Scope, granted, require, with_implied
from gateway.secret import Secret
from gateway.settings.issuer_checks import SCOPES


def principal(*scopes: str) -> Principal:
    return Principal("https://i", "s", frozenset(scopes), 0.0, {}, frozenset(), Secret("t"))


def test_the_settings_know_the_same_scopes() -> None:
    assert frozenset(scope.value for scope in Scope) == SCOPES
    assert set(MEANING) == set(Scope)


def test_reading_implies_metadata_and_nothing_else_is_implied() -> None:
    assert with_implied(["mail.read"]) == {Scope.READ, Scope.METADATA}
    for scope in set(Scope) - {Scope.READ}:
        assert with_implied([scope.value]) == {scope}


def test_scopes_are_granted_by_the_issuers_names() -> None:
    renamed = {"mail.read": "Mail.Read", "mail.modify": "Mail.Read"}
    assert granted(["Mail.Read"], renamed) == {Scope.READ, Scope.METADATA, Scope.MODIFY}
    assert granted(["mail.read", "mail.delete"], renamed) == {Scope.DELETE}
    assert granted(["MAIL.READ", "mail.read.all", ""], {}) == frozenset()


def test_what_is_missing_is_named() -> None:
    require(principal("mail.read"), Scope.METADATA)
    with pytest.raises(InsufficientScope) as error:
        require(principal("mail.metadata", "mail.admin"), Scope.READ)
    assert error.value.scope == "mail.read"


def test_a_principals_repr_shows_nobody() -> None:
    someone = Principal(
        "https://i", "subject-x", frozenset(), 0.0, {"email": "alice@x"}, frozenset({"aud-x"}), Secret("tok-x")
    )
    shown = repr(someone) + str(someone)
    assert not any(each in shown for each in ("subject-x", "alice", "tok-x", "aud-x"))
