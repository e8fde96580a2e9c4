"""Tokens bound to a key, through the whole application: no proof that is not quite right opens anything."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.identity.nonce import LIFETIME
from gateway.settings.model import Dpop
from tests.http import doubles
from tests.servers.tokens import make_key

from .forge import NOW, Forge
from .proofs import INVALID, WRONG_TOKEN
from .prover import PATH, Prover
from .resource import PUBLIC, Resource, issuer

METADATA = f"{PUBLIC}/.well-known/oauth-protected-resource"
ALGS = "ES256 ES384 RS256 PS256 Ed25519 EdDSA"


class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def prover(forge: Forge) -> Prover:
    return Prover(forge)


@pytest.fixture
def allowed(key_file: Path, http: httpx.AsyncClient, clock: Clock, verbs: doubles.Verbs) -> Resource:
    return Resource((issuer(key_file, dpop="allowed"),), clock, http)


@pytest.fixture
def required(key_file: Path, http: httpx.AsyncClient, clock: Clock, verbs: doubles.Verbs) -> Resource:
    return Resource((issuer(key_file, dpop="required"),), clock, http)


@pytest.fixture
def off(key_file: Path, http: httpx.AsyncClient, clock: Clock, verbs: doubles.Verbs) -> Resource:
    return Resource((issuer(key_file),), clock, http)


@pytest.fixture
def with_nonces(key_file: Path, http: httpx.AsyncClient, clock: Clock, verbs: doubles.Verbs) -> Resource:
    return Resource((issuer(key_file, dpop="required"),), clock, http, Dpop(nonces=True))


def challenges(answer: httpx.Response, error: str, scheme: str = "DPoP") -> None:
    """A refusal as it should be: 401, a problem, and the scheme's challenge first, with the error in it only."""
    header = answer.headers["www-authenticate"]
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert header.startswith(f'{scheme} error="{error}", error_description="'), header
    assert header.count('error="') == 1
    assert f'resource_metadata="{METADATA}"' in header
    if scheme == "DPoP":
        assert f'algs="{ALGS}"' in header


@pytest.mark.parametrize("name", INVALID)
async def test_a_proof_that_is_not_right_is_refused(name: str, allowed: Resource, prover: Prover) -> None:
    token = prover.token()
    answer = await allowed.ask(INVALID[name](prover, token))
    challenges(answer, "invalid_dpop_proof")
    assert "alice" not in answer.text
    assert token not in answer.text


async def test_the_prover_makes_good_proofs(allowed: Resource, required: Resource, prover: Prover) -> None:
    """Without this, the matrix would show nothing."""
    for resource in (allowed, required):
        token = prover.token()
        assert (await resource.ask(prover.headers(token))).status_code == 200
        assert (await resource.ask(prover.headers(token, scheme="dpop"))).status_code == 200


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "PS256", "Ed25519"])
async def test_each_algorithm_on_the_list_is_accepted(alg: str, allowed: Resource, forge: Forge) -> None:
    prover = Prover(forge, alg, make_key(alg))
    assert (await allowed.ask(prover.headers(prover.token()))).status_code == 200


@pytest.mark.parametrize("alg", ["ES512", "RS384", "PS512"])
async def test_no_other_is(alg: str, allowed: Resource, forge: Forge) -> None:
    prover = Prover(forge, alg, make_key(alg))
    challenges(await allowed.ask(prover.headers(prover.token())), "invalid_dpop_proof")


@pytest.mark.parametrize(
    "target",
    [
        f"HTTPS://Mail.EXAMPLE.org:443/api{PATH}",
        f"https://mail.example.org/api{PATH}?x=1#y",
        f"https://mail.example.org/api/x/..{PATH}",
        f"https://mail.example.org/api{PATH.replace('folders', 'folde%72s')}",
    ],
)
async def test_another_spelling_of_the_url_is_the_same_url(target: str, allowed: Resource, prover: Prover) -> None:
    token = prover.token()
    assert (await allowed.ask(prover.headers(token, prover.proof(token, htu=target)))).status_code == 200


async def test_the_query_is_not_part_of_the_url(allowed: Resource, prover: Prover) -> None:
    answer = await allowed.ask(prover.headers(prover.token()), path=f"{PATH}?")
    assert answer.status_code == 200


async def test_an_escape_in_the_path_is_told_from_another_path(allowed: Resource, prover: Prover) -> None:
    token, path = prover.token(scope="mail.modify"), "/v1/accounts/me/messages/m1/flags/a%2Fb"
    right = prover.proof(token, htm="PUT", htu=f"{PUBLIC}{path.replace('%2F', '%2f')}")
    wrong = prover.proof(token, htm="PUT", htu=f"{PUBLIC}{path.replace('%2F', '/')}")
    assert (await allowed.ask(prover.headers(token, right), method="PUT", path=path)).status_code == 200
    challenges(await allowed.ask(prover.headers(token, wrong), method="PUT", path=path), "invalid_dpop_proof")


async def test_a_head_request_needs_a_proof_for_head(allowed: Resource, prover: Prover) -> None:
    token = prover.token()
    assert (await allowed.ask(prover.headers(token), method="HEAD")).status_code == 401
    good = prover.headers(token, prover.proof(token, htm="HEAD"))
    assert (await allowed.ask(good, method="HEAD")).status_code == 200


@pytest.mark.parametrize("iat", [NOW - 120, NOW - 60.5, NOW, NOW + 60])
async def test_clocks_may_differ(iat: float, allowed: Resource, prover: Prover) -> None:
    token = prover.token()
    assert (await allowed.ask(prover.headers(token, prover.proof(token, iat=iat)))).status_code == 200


async def test_a_proof_serves_once(allowed: Resource, prover: Prover, clock: Clock) -> None:
    token = prover.token()
    headers = prover.headers(token)
    assert (await allowed.ask(headers)).status_code == 200
    for later in (0, 30, 119, 1, 60):
        clock.now = NOW + later
        challenges(await allowed.ask(headers), "invalid_dpop_proof")


async def test_an_id_that_was_used_serves_no_second_proof(allowed: Resource, prover: Prover, forge: Forge) -> None:
    token, other = prover.token(), Prover(forge)
    assert (await allowed.ask(prover.headers(token, prover.proof(token, jti="one")))).status_code == 200
    again = prover.headers(token, prover.proof(token, jti="one", iat=NOW + 1))
    challenges(await allowed.ask(again), "invalid_dpop_proof")
    theirs = other.token()  # ids of another key are another's
    assert (await allowed.ask(other.headers(theirs, other.proof(theirs, jti="one")))).status_code == 200


@pytest.mark.parametrize("name", WRONG_TOKEN)
async def test_a_good_proof_does_not_help_a_token_that_is_not_right(
    name: str, allowed: Resource, prover: Prover, forge: Forge
) -> None:
    scheme, make = WRONG_TOKEN[name]
    challenges(await allowed.ask(make(prover, Prover(forge))), "invalid_token", scheme)


async def test_a_bearer_token_is_one_still_where_bound_ones_are_allowed(allowed: Resource, forge: Forge) -> None:
    headers = {"Authorization": f"Bearer {forge.token()}"}
    assert (await allowed.ask(headers)).status_code == 200
    assert (await allowed.ask({**headers, "DPoP": "whatever"})).status_code == 200


async def test_where_binding_is_required_no_bearer_token_is_one(required: Resource, forge: Forge) -> None:
    answer = await required.ask({"Authorization": f"Bearer {forge.token()}"})
    challenges(answer, "invalid_token")
    assert "Bearer" not in answer.headers["www-authenticate"]


async def test_where_it_is_off_nothing_bound_is_taken(off: Resource, prover: Prover) -> None:
    unknown = await off.ask(prover.headers(prover.token()))
    assert (unknown.status_code, "error" in unknown.headers["www-authenticate"]) == (401, False)
    assert unknown.headers["www-authenticate"].startswith("Bearer ")
    assert "DPoP" not in unknown.headers["www-authenticate"]
    challenges(await off.ask({"Authorization": f"Bearer {prover.token()}"}), "invalid_token", "Bearer")


async def test_without_a_token_both_schemes_are_offered(allowed: Resource) -> None:
    header = (await allowed.ask({})).headers["www-authenticate"]
    assert header == (
        f'Bearer scope="mail.metadata", resource_metadata="{METADATA}", '
        f'DPoP algs="{ALGS}", scope="mail.metadata", resource_metadata="{METADATA}"'
    )


@pytest.mark.parametrize("value", ["DPoP", "DPoP ", "DPoP a b", "DPoP a,b", 'DPoP "a"', "DPoP =", "DPoP a\0"])
async def test_malformed_credentials(value: str, allowed: Resource) -> None:
    challenges(await allowed.ask({"Authorization": value}), "invalid_request")


async def test_two_tokens_are_refused(allowed: Resource, prover: Prover, forge: Forge) -> None:
    token = prover.token()
    pairs = [*prover.headers(token).items(), ("Authorization", f"Bearer {forge.token()}")]
    assert (await allowed.ask(pairs)).status_code == 401


async def test_what_a_bound_token_lacks_is_told_in_its_own_scheme(allowed: Resource, prover: Prover) -> None:
    answer = await allowed.ask(prover.headers(prover.token(scope="mail.events")))
    assert answer.status_code == 403
    header = answer.headers["www-authenticate"]
    assert header.startswith('DPoP error="insufficient_scope", ')
    assert 'scope="mail.metadata"' in header


async def test_a_nonce_is_asked_for_and_then_accepted(with_nonces: Resource, prover: Prover) -> None:
    token = prover.token()
    first = await with_nonces.ask(prover.headers(token))
    challenges(first, "use_dpop_nonce")
    nonce = first.headers["dpop-nonce"]
    assert first.headers["cache-control"] == "no-store"
    good = await with_nonces.ask(prover.headers(token, prover.proof(token, nonce=nonce)))
    assert (good.status_code, good.headers["dpop-nonce"]) == (200, nonce)


async def test_a_nonce_ends_and_the_next_one_is_told_before(
    with_nonces: Resource, prover: Prover, clock: Clock
) -> None:
    token = prover.token(exp=NOW + 3600)

    async def ask(nonce: object) -> httpx.Response:
        made = prover.proof(token, nonce=nonce, iat=clock.now)
        return await with_nonces.ask(prover.headers(token, made))

    first = (await ask(None)).headers["dpop-nonce"]
    clock.now += LIFETIME
    later = await ask(first)
    assert later.status_code == 200
    assert later.headers["dpop-nonce"] != first
    clock.now += 61
    challenges(await ask(first), "use_dpop_nonce")
    assert (await ask(later.headers["dpop-nonce"])).status_code == 200


@pytest.mark.parametrize("nonce", ["", "made-up", 1, ["x"], "ä", "x" * 5000])
async def test_a_made_up_nonce(nonce: object, with_nonces: Resource, prover: Prover) -> None:
    token = prover.token()
    answer = await with_nonces.ask(prover.headers(token, prover.proof(token, nonce=nonce)))
    challenges(answer, "use_dpop_nonce")


async def test_a_nonce_of_another_gateway_is_none(
    with_nonces: Resource, prover: Prover, key_file: Path, http: httpx.AsyncClient, clock: Clock
) -> None:
    other = Resource((issuer(key_file, dpop="required"),), clock, http, Dpop(nonces=True))
    token = prover.token()
    foreign = (await other.ask(prover.headers(token))).headers["dpop-nonce"]
    challenges(await with_nonces.ask(prover.headers(token, prover.proof(token, nonce=foreign))), "use_dpop_nonce")


async def test_a_proof_that_lacked_its_nonce_is_not_used_up(with_nonces: Resource, prover: Prover) -> None:
    token = prover.token()
    nonce = (await with_nonces.ask(prover.headers(token, prover.proof(token, jti="one")))).headers["dpop-nonce"]
    again = prover.headers(token, prover.proof(token, jti="one", nonce=nonce))
    assert (await with_nonces.ask(again)).status_code == 200


async def test_metadata_tells_of_it(off: Resource, allowed: Resource, required: Resource) -> None:
    path = "/.well-known/oauth-protected-resource"
    told = [(await resource.ask({}, path=path)).json() for resource in (off, allowed, required)]
    assert [each.get("dpop_signing_alg_values_supported") for each in told] == [None, ALGS.split(), ALGS.split()]
    assert [each.get("dpop_bound_access_tokens_required") for each in told] == [None, None, True]


async def test_a_page_of_another_origin_may_send_a_proof_and_read_the_nonce(allowed: Resource) -> None:
    origin = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}
    preflight = await allowed.ask(origin, method="OPTIONS")
    assert "DPoP" in preflight.headers["access-control-allow-headers"].split(", ")
    answer = await allowed.ask({"Origin": "https://app.example.org"})
    assert "DPoP-Nonce" in answer.headers["access-control-expose-headers"].split(", ")
