"""How full an account is."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta
from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import PATH, Answer, AnyEndpoint, Endpoint
from gateway.http.query import Query
from gateway.http.routes.errors import MAIL
from gateway.http.routes.examples import INBOX
from gateway.identity.scope import Scope
from gateway.mail import quota
from gateway.mail.quota_level import AccountQuota, QuotaResource


class QuotaQuery(Query, kw_only=True, frozen=True):
    folder: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=PATH["folder"].max_length,
            pattern=f"^{PATH['folder'].pattern}$",
            description="folder id or role: the limits of this one, such as another user's",
        ),
    ] = "inbox"


async def get_quota(call: Call[QuotaQuery, None]) -> Response:
    thresholds = call.services.settings.live.quota_percents
    return reply.hashed(call, await quota.get_quota(call.desk, await call.account(), call.query.folder, thresholds))


_EXAMPLE: Final = AccountQuota(
    folder_id=INBOX,
    resources=[
        QuotaResource(
            root="User quota",
            name="STORAGE",
            resource_type="octets",
            used=8_912_896,
            limit=10_485_760,
            percent=85,
            warn_limit=8_388_608,
        )
    ],
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/v1/accounts/{account}/quota",
        scope=Scope.METADATA,
        handler=get_quota,
        summary="How full the account is",
        tag="accounts",
        query=QuotaQuery,
        body=NoBody(),
        answers=(Answer(200, "The limits; none where nothing is bounded.", AccountQuota, example=_EXAMPLE),),
        errors=(*MAIL, "unsupported"),
        in_batch=True,
    ),
)
