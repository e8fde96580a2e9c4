"""Mail servers: found for an address, and verified before or after an account is linked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta
from starlette.responses import Response

from gateway.accounts.candidate import Asked, Candidate, Found, Rejected
from gateway.accounts.verify.request import VerifyRequest
from gateway.accounts.verify.step import Step
from gateway.accounts.verify.verification import Verification
from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.identity.scope import Scope
from gateway.mail.request import Request


class Discovery(Request, kw_only=True, frozen=True):
    """Whose server is looked for."""

    address: Annotated[str, Meta(min_length=1, max_length=320, description="an e-mail address")]


async def discover(call: Call[NoQuery, Discovery]) -> Response:
    return reply.json(await call.services.servers.finder.find(call.body.address))


async def verify_server(call: Call[NoQuery, VerifyRequest]) -> Response:
    settings = call.services.settings
    wanted = call.body.wanted(settings.providers, settings.accounts.ca_file)
    return reply.json(await call.services.servers.verifier.verify(wanted))


async def verify_account(call: Call[NoQuery, None]) -> Response:
    account = await call.account()
    return reply.json(await call.services.servers.verifier.verify_account(account))


_FOUND: Final = Found(
    address="user@example.org",
    imap=[
        Candidate(
            source="srv",
            protocol="imap",
            host="imap.example.org",
            port=993,
            tls="implicit",
            username="user@example.org",
            auth=["OAUTHBEARER", "PLAIN"],
        )
    ],
    smtp=[],
    rejected=[
        Rejected(
            source="srv",
            protocol="smtp",
            host="smtp.example.org",
            port=465,
            tls="implicit",
            step="tls",
            code="certificate-expired",
            detail="no trusted TLS connection to the server: certificate has expired",
        )
    ],
    asked=[Asked(source="srv", found=2, detail=""), Asked(source="autoconfig", found=0, detail="no such host name")],
)
_VERIFIED: Final = Verification(
    ok=False,
    steps=[
        Step(service="imap", step="dns", outcome="ok", milliseconds=12, detail="192.0.2.25"),
        Step(service="imap", step="tcp", outcome="ok", milliseconds=20, detail="connected"),
        Step(
            service="imap",
            step="tls",
            outcome="failed",
            milliseconds=31,
            code="certificate-expired",
            detail="certificate has expired; TLSv1.3; for imap.example.org; ended on 2026-11-19, 1 days ago",
            hint="The server's certificate has ended: its operator has to renew it.",
        ),
        Step(service="imap", step="greeting", outcome="skipped", milliseconds=0, detail="not tried, since tls failed"),
    ],
)
_STEPS: Final = (
    "The answer is 200 whatever comes of it: `ok` is false where a step failed, and each step that did not go well has "
    "a `code` and a `hint` for a person. "
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts/discover",
        scope=Scope.ACCOUNTS,
        handler=discover,
        summary="Find the mail servers of an address",
        description="Asked are the gateway's configuration, the domain's SRV records and autoconfig documents, its "
        "mail exchangers, and well-known names, in this order; every server was connected to over TLS. Where "
        "`needsConfirmation` is true, show the host to the user before a password goes there.",
        tag="servers",
        counted="sign-in",
        query=NoQuery,
        body=JsonBody(Discovery),
        answers=(Answer(200, "What was found, the best first.", Found, example=_FOUND),),
        errors=("too-many-requests",),
        repeatable=True,
        replayed=False,
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/verify",
        scope=Scope.ACCOUNTS,
        handler=verify_server,
        summary="Try a mail server, step by step, before linking",
        description=_STEPS + "No secret is kept or told.",
        tag="servers",
        counted="sign-in",
        query=NoQuery,
        body=JsonBody(VerifyRequest),
        answers=(Answer(200, "What came of each step.", Verification, example=_VERIFIED),),
        errors=("too-many-requests",),
        repeatable=True,
        replayed=False,
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/verify",
        scope=Scope.ACCOUNTS,
        handler=verify_account,
        summary="Try an account, step by step",
        description=_STEPS + "It takes a connection of its own, beside the account's others.",
        tag="servers",
        counted="sign-in",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "What came of each step.", Verification, example=_VERIFIED),),
        errors=("account-reauth-required", "forbidden", "not-found", "too-many-requests", "unavailable"),
        repeatable=True,
        replayed=False,
    ),
)
