"""Tokens bound to a key, through the whole application: no proof that is not quite right opens anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gateway.identity.nonce import LIFETIME
from gateway.settings.model import Dpop
from tests.http import doubles
from tests.servers.tokens import make_key

from .forge import NOW, Forge, authenticated, encoded, segment, signed
from .prover import PATH, Prover, ath, public_jwk
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


Make = Callable[[Prover, str], dict[str, str] | list[tuple[str, str]]]


def proof(**claims: object) -> Make:
    """A proof with changed claims; None takes one away."""
    return lambda prover, token: prover.headers(token, prover.proof(token, **claims))


def header(**changes: object) -> Make:
    """A proof with a changed header."""
    return lambda prover, token: prover.headers(token, prover.proof(token, prover.header(**changes)))


def jwk(change: Callable[[dict[str, object]], object]) -> Make:
    """A proof with another ``jwk`` in its header, signed by the true key."""
    return lambda prover, token: prover.headers(
        token, prover.proof(token, prover.header(jwk=change(public_jwk(prover.key))))
    )


def raw(text: Callable[[Prover, str], str]) -> Make:
    return lambda prover, token: prover.headers(token, text(prover, token))


def private_key(prover: Prover, token: str) -> dict[str, str]:
    members = dict(prover.key.as_dict(private=True))
    return prover.headers(token, prover.proof(token, prover.header(jwk=members)))


def symmetric(prover: Prover, token: str) -> str:
    head = prover.header(alg="HS256", jwk={"kty": "oct", "k": encoded(b"k" * 32)})
    return authenticated(head, prover.claims(token), b"k" * 32)


def hmac_by_public_key(prover: Prover, token: str) -> str:
    return authenticated(prover.header(alg="HS256"), prover.claims(token), prover.key.as_pem(private=False))


def unsigned(prover: Prover, token: str) -> str:
    return f"{segment(prover.header(alg='none'))}.{segment(prover.claims(token))}."


def cut(prover: Prover, token: str) -> str:
    return prover.proof(token)[:-8]


def other_payload(prover: Prover, token: str) -> str:
    head, _, signature = prover.proof(token).split(".")
    return f"{head}.{segment(prover.claims(token, htm='DELETE'))}.{signature}"


def weak(prover: Prover, token: str) -> str:
    numbers = {"kty": "RSA", "n": encoded(b"\xc1" * 128), "e": "AQAB"}
    return signed(prover.header(alg="RS256", jwk=numbers), prover.claims(token), prover.alg, prover.key)


def twice_the_same_member(prover: Prover, token: str) -> str:
    text = json.dumps(prover.claims(token)).encode()[:-1] + b', "htm": "GET"}'
    return signed(prover.header(), text, prover.alg, prover.key)


def the_token_itself(prover: Prover, token: str) -> str:
    return token


def deep(prover: Prover, token: str) -> str:
    return signed(prover.header(), b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", prover.alg, prover.key)


def two_proofs(prover: Prover, token: str) -> list[tuple[str, str]]:
    proofs = [("DPoP", prover.proof(token)), ("DPoP", prover.proof(token))]
    return [("Authorization", f"DPoP {token}"), *proofs]


def with_base(prover: Prover, token: str) -> dict[str, str]:
    return prover.headers(token, prover.proof(token, htu=f"http://inside:8080{PATH}"))


INVALID: dict[str, Make] = {
    "no proof": lambda prover, token: {"Authorization": f"DPoP {token}"},
    "an empty proof": raw(lambda prover, token: ""),
    "two proofs": two_proofs,
    "two proofs in one header": raw(lambda prover, token: f"{prover.proof(token)}, {prover.proof(token)}"),
    "no JWT": raw(lambda prover, token: "proof"),
    "the token itself": raw(the_token_itself),
    "a proof of 9 KiB": proof(padding="x" * 9000),
    "a proof with a long header": header(x="y" * 5000),
    "a signature that is cut": raw(cut),
    "a payload of another": raw(other_payload),
    "a padded proof": raw(lambda prover, token: prover.proof(token) + "="),
    "no signature": raw(unsigned),
    "HS256 with a key of its own": raw(symmetric),
    "HS256 by the public key": raw(hmac_by_public_key),
    "alg none with a signature": header(alg="none"),
    "alg of another curve": header(alg="ES384"),
    "alg of another kind": header(alg="RS256"),
    "alg ES512, which is not on the list": header(alg="ES512"),
    "alg missing": header(alg=None),
    "alg a list": header(alg=["ES256"]),
    "typ JWT": header(typ="JWT"),
    "typ of an access token": header(typ="at+jwt"),
    "typ missing": header(typ=None),
    "typ a number": header(typ=1),
    "no key": header(jwk=None),
    "a key of text": header(jwk="key"),
    "a key by URL": header(jku="https://evil.example/jwks"),
    "a certificate": header(x5c=["MIIB"]),
    "critical extensions": header(crit=["exp"], exp=1),
    "a payload that is not encoded": header(b64=False),
    "a private key": private_key,
    "a symmetric key": jwk(lambda key: {"kty": "oct", "k": "AAAA"}),
    "a key of another kind": jwk(lambda key: {**key, "kty": "RSA"}),
    "a key not on its curve": jwk(lambda key: {**key, "x": "AAAA"}),
    "a key of an unknown curve": jwk(lambda key: {**key, "crv": "secp256k1"}),
    "a key without a coordinate": jwk(lambda key: {"kty": key["kty"], "crv": key["crv"], "x": key["x"]}),
    "a key for encryption": jwk(lambda key: {**key, "use": "enc"}),
    "a key for another algorithm": jwk(lambda key: {**key, "alg": "ES384"}),
    "a weak key": raw(weak),
    "a key that did not sign": jwk(lambda key: public_jwk(make_key("ES256"))),
    "htm missing": proof(htm=None),
    "htm of another method": proof(htm="POST"),
    "htm in lower case": proof(htm="get"),
    "htm a list": proof(htm=["GET"]),
    "htu missing": proof(htu=None),
    "htu of another path": proof(htu=f"{PUBLIC}/v1/accounts/me"),
    "htu with a slash more": proof(htu=f"{PUBLIC}{PATH}/"),
    "htu of another host": proof(htu=f"https://evil.example/api{PATH}"),
    "htu of another port": proof(htu=f"https://mail.example.org:8443/api{PATH}"),
    "htu in plain http": proof(htu=f"http://mail.example.org/api{PATH}"),
    "htu as the proxy calls it": with_base,
    "htu without the host": proof(htu=PATH),
    "htu with a user": proof(htu=f"https://user@mail.example.org/api{PATH}"),
    "htu with another user's host": proof(htu=f"https://mail.example.org@evil.example/api{PATH}"),
    "htu a list": proof(htu=[f"{PUBLIC}{PATH}"]),
    "htu huge": proof(htu=f"{PUBLIC}{PATH}{'x' * 6000}"),
    "htu with a broken escape": proof(htu=f"{PUBLIC}{PATH}%zz"),
    "htu in other letters": proof(htu=f"https://mail.example.org/api{PATH.upper()}"),
    "iat missing": proof(iat=None),
    "iat too old": proof(iat=NOW - 121),
    "iat in the future": proof(iat=NOW + 61),
    "iat in milliseconds": proof(iat=NOW * 1000),
    "iat of text": proof(iat=str(NOW)),
    "iat true": proof(iat=True),
    "iat negative": proof(iat=-1),
    "exp passed": proof(exp=NOW - 60),
    "nbf in the future": proof(nbf=NOW + 61),
    "jti missing": proof(jti=None),
    "jti empty": proof(jti=""),
    "jti a number": proof(jti=1),
    "jti huge": proof(jti="x" * 513),
    "ath missing": proof(ath=None),
    "ath of another token": proof(ath=ath("other")),
    "ath in hexadecimal": proof(ath="0" * 64),
    "ath a list": proof(ath=["x"]),
    "a member twice": raw(twice_the_same_member),
    "nested deeply": raw(deep),
}


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


WRONG_TOKEN: dict[str, tuple[str, Callable[[Prover, Prover], dict[str, str]]]] = {
    "bound to another key": ("DPoP", lambda prover, other: other.headers(prover.token())),
    "bound, sent as a bearer token": ("Bearer", lambda prover, other: {"Authorization": f"Bearer {prover.token()}"}),
    "bound, sent as a bearer token with its proof": (
        "Bearer",
        lambda prover, other: prover.headers(prover.token(), scheme="Bearer"),
    ),
    "not bound": ("DPoP", lambda prover, other: prover.headers(prover.forge.token())),
    "bound to a certificate": (
        "DPoP",
        lambda prover, other: prover.headers(prover.forge.token(cnf={"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9l"})),
    ),
    "bound to a key and a certificate": (
        "DPoP",
        lambda prover, other: prover.headers(
            prover.token(cnf={"jkt": prover.thumbprint, "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9l"})
        ),
    ),
    "bound to a certificate, as a bearer token": (
        "Bearer",
        lambda prover, other: {"Authorization": f"Bearer {prover.forge.token(cnf={'x5t#S256': 'bwcK0esc3ACC3DB2'})}"},
    ),
    "bound to a whole key": (
        "DPoP",
        lambda prover, other: prover.headers(prover.forge.token(cnf={"jwk": public_jwk(prover.key)})),
    ),
    "bound to nothing": ("DPoP", lambda prover, other: prover.headers(prover.forge.token(cnf={}))),
    "bound to text": ("DPoP", lambda prover, other: prover.headers(prover.token(cnf=prover.thumbprint))),
    "bound to a number": ("DPoP", lambda prover, other: prover.headers(prover.token(cnf={"jkt": 1}))),
    "bound to a short thumbprint": (
        "DPoP",
        lambda prover, other: prover.headers(prover.token(cnf={"jkt": prover.thumbprint[:-1]})),
    ),
    "bound to the thumbprint with a break": (
        "DPoP",
        lambda prover, other: prover.headers(prover.token(cnf={"jkt": prover.thumbprint + "\n"})),
    ),
    "ended": ("DPoP", lambda prover, other: prover.headers(prover.token(exp=NOW - 90))),
    "for another audience": ("DPoP", lambda prover, other: prover.headers(prover.token(aud="https://other.example"))),
    "by a stranger": (
        "DPoP",
        lambda prover, other: prover.headers(
            signed(prover.forge.header(), prover.forge.claims(cnf={"jkt": prover.thumbprint}), "ES256", other.key)
        ),
    ),
    "opaque": ("DPoP", lambda prover, other: prover.headers("opaque-token")),
    "the proof itself": ("DPoP", lambda prover, other: prover.headers(prover.proof("x"))),
}


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
