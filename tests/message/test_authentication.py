"""Authentication-Results as servers write them, and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.authentication import MAX_RESULTS, Property, Verdict, authentication
from gateway.message.statement import statements
from tests.effort import linear


def spf(*properties: Property, reason: str | None = None) -> Verdict:
    return Verdict("spf", "pass", None, reason, properties)


FROM = Property("smtp", "mailfrom", "example.net")

SAID: list[tuple[bytes, str | None, tuple[Verdict, ...]]] = [
    (b" example.org; none", "example.org", ()),
    (b" example.org 1; none", "example.org", ()),
    (b" example.org;", "example.org", ()),
    (b" example.org; spf=pass smtp.mailfrom=example.net", "example.org", (spf(FROM),)),
    (b" example.org;\r\n\tspf=pass (ip4 matches; really)\r\n\tsmtp.mailfrom=example.net;", "example.org", (spf(FROM),)),
    (b" EXAMPLE.org; SPF=Pass SMTP.MailFrom=example.net", "EXAMPLE.org", (spf(FROM),)),
    (b' "example.org"; spf=pass smtp.mailfrom="example.net"', "example.org", (spf(FROM),)),
    (b" example.org; spf = pass smtp . mailfrom = example.net", "example.org", (spf(FROM),)),
    (b' example.org; spf=pass reason="good; \\"really\\"" smtp.mailfrom=example.net', "example.org",
     (spf(FROM, reason='good; "really"'),)),
    (b" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net", None, (spf(FROM),)),
    (b" example.org spf=pass smtp.mailfrom=example.net", "example.org", (spf(FROM),)),
    (b" example.org; spf=pass action=none", "example.org", (spf(Property(None, "action", "none")),)),
    (b' example.org; spf=pass smtp.mailfrom="a b"@example.net', "example.org",
     (spf(Property("smtp", "mailfrom", '"a b"@example.net')),)),
    (b" example.org; dkim=pass header.i=@example.net header.b=Ab/+c=", "example.org",
     (Verdict("dkim", "pass", None, None,
              (Property("header", "i", "@example.net"), Property("header", "b", "Ab/+c="))),)),
    (b" example.org; auth/1=pass (cram-md5) smtp.auth=me", "example.org",
     (Verdict("auth", "pass", "1", None, (Property("smtp", "auth", "me"),)),)),
    (b" example.org; spf=pass; spf=pass", "example.org", (spf(), spf())),
    (b" example.org; spf=pass junk smtp.mailfrom=example.net ???", "example.org", (spf(FROM),)),
]  # fmt: skip


@pytest.mark.parametrize(("value", "server", "results"), SAID)
def test_says(value: bytes, server: str | None, results: tuple[Verdict, ...]) -> None:
    found = authentication(value)
    assert (found.server, found.results) == (server, results)
    assert found.problems == (() if server else ("authserv-id-missing",))


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        (b"", ("authserv-id-missing",)),
        (b";;;", ("authserv-id-missing",)),
        (b" example.org; =;dkim=;spf", ("result-unreadable",)),
        (b" example.org; header.from=x", ("result-unreadable",)),
        (b" example.org" + b"; spf=pass" * (MAX_RESULTS + 1), ("too-many-results",)),
    ],
)
def test_what_is_wrong_is_said(value: bytes, problems: tuple[str, ...]) -> None:
    found = authentication(value)
    assert found.problems == problems
    assert len(found.results) <= MAX_RESULTS


def test_a_comment_that_never_ends_hides_nothing() -> None:
    found = authentication(b" example.org; spf=fail (oops; dkim=pass")
    assert [(verdict.method, verdict.result) for verdict in found.results] == [("spf", "fail"), ("dkim", "pass")]


@pytest.mark.parametrize(
    ("value", "pieces"),
    [
        (b"a; b", [b"a", b"b"]),
        (b"a (x; (y) \\) z); b", [b"a", b"b"]),
        (b'a "q; (q)"; b', [b'a "q; (q)"', b"b"]),
        (b"a\r\n\tb\0c", [b"a b c"]),
        (b'a "open; b', [b'a "open', b"b"]),
    ],
)
def test_statements(value: bytes, pieces: list[bytes]) -> None:
    assert statements(value) == pieces


@given(st.one_of(st.binary(max_size=120), st.text('ab.=/;()"\\ \r\n', max_size=80).map(str.encode)))
def test_anything_is_read(value: bytes) -> None:
    found = authentication(value)
    for verdict in found.results:
        assert verdict.method
        assert verdict.method == verdict.method.lower()
        for each in verdict.properties:
            each.value.encode()
            assert not set(each.value) & set("\r\n\0")


@pytest.mark.parametrize(
    "unit", [b"(", b")", b'"', b"\\", b";", b"a=", b"a.b=c ", b"a ", b'"a"=', b" .", b'a.b="', b"/"]
)
def test_time_is_linear(unit: bytes) -> None:
    assert linear(lambda value: authentication(b"x; spf=pass " + value), unit, 65_536)
    assert linear(authentication, unit, 65_536)
