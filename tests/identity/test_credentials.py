from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.identity.credentials import TOKEN_MAX, Credentials, read_credentials
from tests.effort import least

B64TOKEN = string.ascii_letters + string.digits + "-._~+/"
tokens = st.builds(
    lambda body, pad: body + "=" * pad, st.text(alphabet=B64TOKEN, min_size=1, max_size=60), st.integers(0, 3)
)
schemes = st.lists(st.booleans(), min_size=6, max_size=6).map(
    lambda upper: "".join(c.upper() if up else c for c, up in zip("bearer", upper, strict=True))
)


def code_of(header: str | list[str] | None) -> str | None:
    with pytest.raises(Unauthenticated) as error:
        read_credentials(header)
    return error.value.code


@given(schemes, st.integers(1, 16), tokens)
def test_a_token_is_taken_whatever_the_case_of_the_scheme(scheme: str, spaces: int, token: str) -> None:
    assert read_credentials(scheme + " " * spaces + token) == Credentials("Bearer", token)
    assert read_credentials([scheme + " " + token]) == Credentials("Bearer", token)


@given(st.text(max_size=200))
def test_any_text_gives_a_token_of_the_syntax_or_the_error(header: str) -> None:
    try:
        token = read_credentials(header).token
    except Unauthenticated:
        return
    assert header.lower().startswith("bearer ")
    assert token
    assert set(token.rstrip("=")) <= set(B64TOKEN)
    assert header.endswith(" " + token)


@given(tokens, st.text(min_size=1, max_size=4).filter(lambda text: not set(text) <= set(B64TOKEN + "=")))
def test_anything_behind_the_token_makes_it_malformed(token: str, tail: str) -> None:
    assert code_of(f"Bearer {token}{tail}") == "invalid_request"


@pytest.mark.parametrize("header", [None, "", [], [""], "Basic YWxpY2U6c2VjcmV0", "DPoP abc", "Negotiate", "basic"])
def test_where_no_bearer_token_was_sent_there_is_no_code(header: str | list[str] | None) -> None:
    """RFC 6750 section 3.1"""
    assert code_of(header) is None


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_dpop_is_a_scheme_where_bound_tokens_are_let_in(scheme: str) -> None:
    assert read_credentials(f"{scheme} abc", dpop=True) == Credentials("DPoP", "abc")
    assert read_credentials("Bearer abc", dpop=True) == Credentials("Bearer", "abc")
    for malformed in (scheme, f"{scheme} a b", f"{scheme} a,b", f"{scheme}  "):
        with pytest.raises(Unauthenticated) as error:
            read_credentials(malformed, dpop=True)
        assert (error.value.code, error.value.scheme) == ("invalid_request", "DPoP")


@pytest.mark.parametrize(
    "header",
    [
        *("Bearer", "Bearer ", "Bearer  ", " Bearer abc", "Bearer abc ", "Bearer\tabc", "Bearer\nabc", "Bearer a b"),
        *("Bearer a, Bearer b", "Bearer a,b", 'Bearer "abc"', "Bearer =", "Bearer a=b", "Bearer a\r\nX: y", "Bearer ä"),
        *("Bearer a\0", "Bearer: abc", "Bearer" + " " * 17 + "abc", "\u00a0Bearer abc", "Bearer\u2003abc"),
    ],
)
def test_what_is_malformed_is_an_invalid_request(header: str) -> None:
    assert code_of(header) == "invalid_request"


def test_several_headers_are_refused_even_where_they_are_equal() -> None:
    assert code_of(["Bearer abc", "Bearer abc"]) == "invalid_request"
    assert code_of(["Bearer abc", "Basic abc"]) == "invalid_request"


def test_a_token_of_16_kib_is_the_longest() -> None:
    assert len(read_credentials("Bearer " + "a" * TOKEN_MAX).token) == TOKEN_MAX
    assert code_of("Bearer " + "a" * (TOKEN_MAX + 1)) == "invalid_token"
    assert code_of("Bearer " + "a" * 10_000_000) == "invalid_token"


def test_nothing_of_the_header_is_repeated() -> None:
    for header in ("Bearer canary canary", "Basic canary", ["Bearer canary", "x"], "Bearer canary\0"):
        with pytest.raises(Unauthenticated) as error:
            read_credentials(header)
        assert "canary" not in error.value.detail


@pytest.mark.parametrize("text", ["Bearer " + "=" * 16_000, "Bearer " + "a" * 16_000 + "!", " " * 16_000, "!" * 16_000])
def test_no_header_takes_long(text: str) -> None:
    def refused() -> None:
        with pytest.raises(Unauthenticated):
            read_credentials(text)

    assert least(refused, 0.05) < 0.05
