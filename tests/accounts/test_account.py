from __future__ import annotations

import pytest

from gateway.accounts.account import AHEAD_SECONDS, Account, Renewal
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import Linked, Provider

NOW = 1000.0
PROVIDER = Provider(name="p", imap=ImapSettings(host="h"), auth=Linked())


async def fresh() -> Account:
    raise AssertionError("nobody asked for it")


def account(expires_at: float | None, renewal: Renewal | None = None) -> Account:
    return Account("a", "u", PROVIDER, Endpoint("h", 993), Password("u", Secret("p")), expires_at, renewal)


@pytest.mark.parametrize(
    ("left", "until", "chance", "useful"),
    [
        (100.0, None, 0.0, 80.0),
        (100.0, None, 1.0, 90.0),
        (3600.0, None, 0.0, 3600.0 - AHEAD_SECONDS),
        (3600.0, None, 1.0, 3600.0 - AHEAD_SECONDS / 2),
        (100.0, NOW + 100, 0.0, 100.0),  # what stands behind it ends then too
        (100.0, NOW + 100.5, 0.0, 80.0),
        (0.0, None, 0.5, 0.0),
    ],
)
def test_a_connection_is_replaced_ahead_of_the_end(
    left: float, until: float | None, chance: float, useful: float
) -> None:
    assert account(NOW + left, Renewal(until, fresh)).useful_for(NOW, chance) == useful


def test_without_a_renewal_it_lives_as_long_as_its_credential() -> None:
    assert account(None).useful_for(NOW, 0.5) is None
    assert account(NOW + 100).useful_for(NOW, 0.5) == 100.0


def test_how_long_an_account_can_be_signed_in_to() -> None:
    assert account(NOW).lasts_until == NOW
    assert account(NOW, Renewal(NOW + 5, fresh)).lasts_until == NOW + 5
    assert account(NOW, Renewal(None, fresh)).lasts_until is None
    assert "fresh" not in repr(account(NOW, Renewal(None, fresh)))
    assert account(NOW, Renewal(None, fresh)) == account(NOW)
