"""Forged, confused and malformed tokens: every one is refused, and the refusal repeats nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from gateway.errors import Unauthenticated
from gateway.identity.authenticator import Authenticator
from gateway.settings.model import Issuer
from tests.servers.tokens import make_key

from .forge import AUDIENCE, ISSUER, NOW, Forge, authenticated, encoded, segment, signed

STRANGER = make_key("ES256", "key-ES256")


async def refused(authenticator: Authenticator, token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as error:
        await authenticator.authenticate(f"Bearer {token}")
    return error.value


def hmac_with_public_key(forge: Forge) -> str:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "key-RS256"}
    return authenticated(header, forge.claims(), forge.keys["RS256"].as_pem(private=False))


def hmac_with_the_modulus(forge: Forge) -> str:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "key-RS256"}
    return authenticated(header, forge.claims(), str(forge.keys["RS256"].as_dict(private=False)["n"]).encode())


def unsigned(alg: str, signature: str = "") -> Callable[[Forge], str]:
    return lambda forge: f"{segment({'alg': alg, 'typ': 'at+jwt'})}.{segment(forge.claims())}.{signature}"


def with_its_own_key(name: str, value: Callable[[dict[str, object]], object]) -> Callable[[Forge], str]:
    def make(forge: Forge) -> str:
        public: dict[str, object] = dict(STRANGER.as_dict(private=False))
        header = {"alg": "ES256", "typ": "at+jwt", "kid": "key-ES256", name: value(public)}
        return signed(header, forge.claims(), "ES256", STRANGER)

    return make


def header(**changes: object) -> Callable[[Forge], str]:
    return lambda forge: forge.headed(**changes)


def claims(**changes: object) -> Callable[[Forge], str]:
    return lambda forge: forge.token(**changes)


def payload(octets: bytes) -> Callable[[Forge], str]:
    return lambda forge: forge.raw(octets)


def spliced(name: str, value: str) -> Callable[[Forge], str]:
    """A member given twice: parsers disagree on which one counts."""

    def make(forge: Forge) -> str:
        return forge.raw(json.dumps(forge.claims()).encode()[:-1] + f', "{name}": {value}}}'.encode())

    return make


def number(name: str, text: str) -> Callable[[Forge], str]:
    """A number as JSON text that ``json.dumps`` would not write."""

    def make(forge: Forge) -> str:
        good = forge.claims(**{name: 123456})
        return forge.raw(json.dumps(good).replace("123456", text).encode())

    return make


def duplicate_header(forge: Forge) -> str:
    text = b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"key-ES256"}'
    return forge.raw(json.dumps(forge.claims()).encode(), text)


def changed_after_signing(forge: Forge) -> str:
    head, _, signature = forge.token().split(".")
    return f"{head}.{segment(forge.claims(sub='subject-bob'))}.{signature}"


def signature_of_another(forge: Forge) -> str:
    head, body, _ = forge.token().split(".")
    return f"{head}.{body}.{forge.token(sub='subject-bob').split('.')[2]}"


def cut(forge: Forge) -> str:
    return forge.token()[:-8]


def other_spelling(forge: Forge) -> str:
    """The last character of an ES256 signature holds four bits too many."""
    token = forge.token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def zero_signature(forge: Forge) -> str:
    head, body, _ = forge.token().split(".")
    return f"{head}.{body}.{encoded(bytes(64))}"


def der_signature(forge: Forge) -> str:
    head, body, _ = forge.token().split(".")
    return f"{head}.{body}.{encoded(bytes.fromhex('3006020101020101'))}"


def nested(forge: Forge) -> str:
    return forge.raw(forge.token().encode(), json.dumps(forge.header(cty="JWT")).encode())


def encrypted(forge: Forge) -> str:
    return ".".join([segment({"alg": "RSA-OAEP", "enc": "A256GCM"}), *(encoded(bytes(16)) for _ in range(4))])


def detached(forge: Forge) -> str:
    head, _, signature = forge.token().split(".")
    return f"{head}..{signature}"


def foreign_algorithm(forge: Forge) -> str:
    """RS512 by the issuer's own key, which says that it is for RS256."""
    key = RSAKey.import_key(forge.keys["RS256"].private_key)  # type: ignore[arg-type]
    return signed(forge.header("RS256", alg="RS512"), forge.claims(), "RS512", key)


def pkcs1_by_pss_key(forge: Forge) -> str:
    key = RSAKey.import_key(forge.keys["PS256"].private_key)  # type: ignore[arg-type]
    return signed({"alg": "RS256", "typ": "at+jwt", "kid": "key-PS256"}, forge.claims(), "RS256", key)


def other_curve(forge: Forge) -> str:
    return signed(forge.header("ES384", alg="ES256"), forge.claims(), "ES384", forge.keys["ES384"])


def koblitz(forge: Forge) -> str:
    key = ECKey.generate_key("secp256k1")
    return signed({"alg": "ES256K", "typ": "at+jwt", "kid": "key-ES256"}, forge.claims(), "ES256K", key)


def kid_of_another_key(forge: Forge) -> str:
    return forge.headed(kid="key-ES384")


def by_a_stranger(forge: Forge) -> str:
    return signed(forge.header(), forge.claims(), "ES256", STRANGER)


def too_long(forge: Forge) -> str:
    return forge.token(padding="x" * 16_384)


FORGED: dict[str, Callable[[Forge], str]] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE with a signature": unsigned("NONE", "AAAA"),
    "alg none with dots of an empty signature": unsigned("none", "AA"),
    "alg empty": header(alg=""),
    "alg missing": header(alg=None),
    "alg a number": header(alg=1),
    "alg a list": header(alg=["ES256"]),
    "alg in lower case": header(alg="es256"),
    "HS256 with the public key": hmac_with_public_key,
    "HS256 with the modulus": hmac_with_the_modulus,
    "alg that the key is not for": foreign_algorithm,
    "RS256 by a PS256 key": pkcs1_by_pss_key,
    "another curve": other_curve,
    "ES256K": koblitz,
    "jwk in the header": with_its_own_key("jwk", lambda public: public),
    "jku in the header": with_its_own_key("jku", lambda public: "https://evil.example/jwks"),
    "x5u in the header": with_its_own_key("x5u", lambda public: "https://evil.example/cert"),
    "x5c in the header": with_its_own_key("x5c", lambda public: ["MIIB"]),
    "jku with a true signature": header(jku="https://evil.example/jwks"),
    "crit": header(crit=["exp"], exp=1),
    "crit of an unknown extension": header(crit=["x"], x=1),
    "crit empty": header(crit=[]),
    "b64 false": header(b64=False, crit=["b64"]),
    "b64 false without crit": header(b64=False),
    "kid a number": header(kid=1),
    "kid a list": header(kid=["key-ES256"]),
    "kid null": lambda forge: forge.raw(
        json.dumps(forge.claims()).encode(), json.dumps({**forge.header(), "kid": None}).encode()
    ),
    "kid a path": header(kid="../../../../dev/null"),
    "kid an absolute path": header(kid="/dev/null"),
    "kid with SQL": header(kid="x' UNION SELECT 'key"),
    "kid huge": header(kid="k" * 4000),
    "kid empty": header(kid=""),
    "kid unknown": header(kid="key-of-nobody"),
    "kid of another key": kid_of_another_key,
    "kid with NUL": header(kid="key-ES256\0"),
    "no kid, by a stranger": lambda forge: signed(
        {"alg": "RS256", "typ": "at+jwt"}, forge.claims(), "RS256", make_key("RS256")
    ),
    "typ JWT": header(typ="JWT"),
    "typ missing": header(typ=None),
    "typ a number": header(typ=7),
    "typ of a logout token": header(typ="logout+jwt"),
    "typ of a DPoP proof": header(typ="dpop+jwt"),
    "changed after signing": changed_after_signing,
    "signature of another token": signature_of_another,
    "signature cut": cut,
    "signature spelled otherwise": other_spelling,
    "signature of zeros": zero_signature,
    "signature in DER": der_signature,
    "signed by a stranger with the same kid": by_a_stranger,
    "nested JWT": nested,
    "encrypted JWE": encrypted,
    "detached payload": detached,
    "two segments": lambda forge: ".".join(forge.token().split(".")[:2]),
    "four segments": lambda forge: forge.token() + ".AAAA",
    "opaque": lambda forge: "2YotnFZFEjr1zCsicMWpAA",
    "padded": lambda forge: forge.token() + "=",
    "too long": too_long,
    "header too long": header(x5t="x" * 5000),
    "payload a list": payload(b"[]"),
    "payload a string": payload(b'"x"'),
    "payload null": payload(b"null"),
    "payload empty": payload(b""),
    "payload not JSON": payload(b"{"),
    "payload not UTF-8": payload(b'{"iss": "\xff"}'),
    "payload with a byte order mark": payload(b"\xef\xbb\xbf{}"),
    "payload deep": payload(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "payload deep and unclosed": payload(b'{"a":' * 2000),
    "lone surrogate in sub": spliced("x", r'"\ud800"'),
    "lone surrogate, upper case": spliced("x", r'"\uDC00"'),
    "duplicate header member": duplicate_header,
    "duplicate sub": spliced("sub", '"subject-bob"'),
    "duplicate exp": spliced("exp", "9999999999"),
    "duplicate member deep": spliced("x", '{"a": 1, "a": 2}'),
    "iss missing": claims(iss=None),
    "iss of another": claims(iss="https://evil.example"),
    "iss with a slash": claims(iss=ISSUER + "/"),
    "iss in upper case": claims(iss=ISSUER.upper()),
    "iss a list": claims(iss=[ISSUER]),
    "iss an object": claims(iss={"a": ISSUER}),
    "aud missing": claims(aud=None),
    "aud of another": claims(aud="https://other.example"),
    "aud a prefix": claims(aud=AUDIENCE + ".evil.example"),
    "aud a list without us": claims(aud=["https://other.example"]),
    "aud an empty list": claims(aud=[]),
    "aud with a number": claims(aud=[AUDIENCE, 1]),
    "aud nested": claims(aud=[[AUDIENCE]]),
    "aud an object": claims(aud={AUDIENCE: True}),
    "aud true": claims(aud=True),
    "aud of thousands": claims(aud=[AUDIENCE, *map(str, range(1000))]),
    "exp missing": claims(exp=None),
    "exp passed": claims(exp=NOW - 90),
    "exp at the leeway's end": claims(exp=NOW - 60),
    "exp a string": claims(exp=str(NOW + 300)),
    "exp true": claims(exp=True),
    "exp null": number("exp", "null"),
    "exp a list": claims(exp=[NOW + 300]),
    "exp of 10 to the 400": number("exp", "1" + "0" * 400),
    "exp of 5000 digits": number("exp", "9" * 5000),
    "exp 1e999": number("exp", "1e999"),
    "exp NaN": number("exp", "NaN"),
    "exp Infinity": number("exp", "Infinity"),
    "exp negative": claims(exp=-1),
    "exp in milliseconds": claims(exp=(NOW + 300) * 1000),
    "nbf in the future": claims(nbf=NOW + 90),
    "nbf a string": claims(nbf="soon"),
    "nbf NaN": number("nbf", "NaN"),
    "iat in the future": claims(iat=NOW + 90),
    "iat missing": claims(iat=None),
    "iat a string": claims(iat="now"),
    "sub missing": claims(sub=None),
    "sub empty": claims(sub=""),
    "sub a number": claims(sub=1),
    "sub with a line break": claims(sub="alice\r\nbob"),
    "sub with NUL": claims(sub="alice\0bob"),
    "sub huge": claims(sub="a" * 5000),
    "jti missing": claims(jti=None),
    "client_id missing": claims(client_id=None),
    "client_id empty": claims(client_id=""),
    "scope a number": claims(scope=1),
    "scope an object": claims(scope={"mail.read": True}),
    "scope with a number": claims(scope=["mail.read", 1]),
    "bound to a key": claims(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
    "ID token": claims(at_hash="77QmUPtjPfzWtF2AnpK9RQ"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_is_refused(name: str, authenticator: Authenticator, forge: Forge) -> None:
    token = FORGED[name](forge)
    error = await refused(authenticator, token)
    assert error.code in ("invalid_token", "invalid_request")
    assert "alice" not in error.detail
    assert not any(len(part) > 3 and part in error.detail for part in token.split("."))


async def test_the_forge_makes_good_tokens(authenticator: Authenticator, forge: Forge) -> None:
    """Without this, the matrix would show nothing."""
    for alg in ("RS256", "PS256", "ES256", "ES384", "Ed25519"):
        principal = await authenticator.authenticate(f"Bearer {forge.token(alg)}")
        assert principal.subject == "subject-alice"


KEYCLOAK: dict[str, Callable[[Forge], dict[str, object]]] = {
    "ID token": lambda forge: forge.keycloak(typ="ID", nonce="n", at_hash="h"),
    "ID token that says Bearer": lambda forge: forge.keycloak(at_hash="h"),
    "refresh token": lambda forge: forge.keycloak(typ="Refresh"),
    "offline token": lambda forge: forge.keycloak(typ="Offline"),
    "logout token": lambda forge: forge.keycloak(typ="Logout", events={}),
    "DPoP-bound token": lambda forge: forge.keycloak(typ="DPoP"),
    "no payload typ": lambda forge: forge.keycloak(typ=None),
    "payload typ a list": lambda forge: forge.keycloak(typ=["Bearer"]),
    "no azp": lambda forge: forge.keycloak(azp=None),
    "for the account console only": lambda forge: forge.keycloak(aud="account"),
}


@pytest.mark.parametrize("name", KEYCLOAK)
async def test_is_no_access_token_of_keycloak(name: str, keycloak: Authenticator, forge: Forge) -> None:
    token = signed(forge.header(typ="JWT"), KEYCLOAK[name](forge), "ES256", forge.keys["ES256"])
    assert (await refused(keycloak, token)).code == "invalid_token"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", "application/jwt"])
async def test_keycloaks_access_tokens_are_accepted(typ: str, keycloak: Authenticator, forge: Forge) -> None:
    token = signed(forge.header(typ=typ), forge.keycloak(), "ES256", forge.keys["ES256"])
    principal = await keycloak.authenticate(f"Bearer {token}")
    assert principal.audiences == {AUDIENCE, "account"}


async def test_a_token_of_one_issuer_by_the_key_of_another_is_refused(
    tmp_path: Path, forge: Forge, key_file: Path, http: httpx.AsyncClient
) -> None:
    """Two issuers, the same kid: each issuer's tokens are checked with its own keys only."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"keys": [STRANGER.as_dict(private=False)]}))
    issuers = [
        Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file)),
        Issuer(issuer="https://other.example", audience=AUDIENCE, jwks_file=str(other)),
    ]
    both = Authenticator(issuers, http, lambda: NOW)
    theirs = signed(forge.header(), forge.claims(iss="https://other.example"), "ES256", STRANGER)
    assert (await both.authenticate(f"Bearer {theirs}")).issuer == "https://other.example"
    await refused(both, signed(forge.header(), forge.claims(), "ES256", STRANGER))
    await refused(both, forge.token(iss="https://other.example"))


async def test_an_algorithm_that_is_not_configured_is_refused(
    forge: Forge, key_file: Path, http: httpx.AsyncClient
) -> None:
    only_rsa = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file), algorithms=("RS256",))
    authenticator = Authenticator([only_rsa], http, lambda: NOW)
    await authenticator.authenticate(f"Bearer {forge.token('RS256')}")
    await refused(authenticator, forge.token("ES256"))
