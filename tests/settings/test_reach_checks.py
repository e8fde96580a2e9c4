"""The settings of what users may have reached: each mistake is told at its place."""

from __future__ import annotations

import pytest

from gateway.settings.accounts import Accounts
from gateway.settings.reach_checks import nameserver, reach_problems


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"allowed_hosts": ("mail.example.org", "no host")}, ("accounts", "allowed_hosts", 1)),
        ({"allowed_networks": ("10.0.0.0/8", "10.0.0.1/8")}, ("accounts", "allowed_networks", 1)),
        ({"refused_networks": ("example.org",)}, ("accounts", "refused_networks", 0)),
        ({"nameservers": ("dns.example.org",)}, ("accounts", "nameservers", 0)),
        ({"nameservers": ("192.0.2.1:0",)}, ("accounts", "nameservers", 0)),
        ({"autoconfig_url": "http://db.example.org/{domain}"}, ("accounts", "autoconfig_url")),
        ({"autoconfig_url": "https://db.example.org/"}, ("accounts", "autoconfig_url")),
    ],
)
def test_a_mistake_is_told_at_its_place(settings: dict[str, object], path: tuple[str | int, ...]) -> None:
    (problem,) = reach_problems(Accounts(**settings))  # type: ignore[arg-type]
    assert problem.path == path


def test_what_is_right_is_taken() -> None:
    good = Accounts(
        allowed_hosts=("mail.example.org", "10.0.0.1"),
        allowed_networks=("10.0.0.0/8", "fd00::/8", "192.0.2.1"),
        nameservers=("192.0.2.53", "[2001:db8::53]:5353"),
        autoconfig_url="https://db.example.org/v1.1/{domain}",
    )
    assert not list(reach_problems(good))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_nameserver_has_a_port(text: str, read: tuple[str, int]) -> None:
    assert nameserver(text) == read
