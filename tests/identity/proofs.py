"""What a DPoP proof, and a token with one, may be in other than the right way: each made to differ in one thing."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.servers.tokens import make_key

from .forge import NOW, authenticated, encoded, segment, signed
from .prover import PATH, Prover, ath, public_jwk
from .resource import PUBLIC

Make = Callable[[Prover, str], dict[str, str] | list[tuple[str, str]]]


def proof(**claims: object) -> Make:
    """A proof with changed claims; None takes one away."""
    return lambda prover, token: prover.headers(token, prover.proof(token, **claims))


def header(**changes: object) -> Make:
    """A proof with a changed header."""
    return lambda prover, token: prover.headers(token, prover.headed(token, **changes))


def jwk(change: Callable[[dict[str, object]], object]) -> Make:
    """A proof with another ``jwk`` in its header, signed by the true key."""
    return lambda prover, token: prover.headers(token, prover.headed(token, jwk=change(public_jwk(prover.key))))


def raw(text: Callable[[Prover, str], str]) -> Make:
    return lambda prover, token: prover.headers(token, text(prover, token))


def private_key(prover: Prover, token: str) -> dict[str, str]:
    members = dict(prover.key.as_dict(private=True))
    return prover.headers(token, prover.headed(token, jwk=members))


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
