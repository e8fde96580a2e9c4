"""Messages: pages of a folder, one message, its readable body; and storing one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from starlette.responses import Response

from gateway.errors import InsufficientScope, InvalidRequest
from gateway.http import reply
from gateway.http.body import MessageBody, NoBody, Upload
from gateway.http.call import Call
from gateway.http.conditional import tags_of
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.html_page import html_answer, prefers_html
from gateway.http.idempotent import HEADER as IDEMPOTENCY_KEY
from gateway.http.link import next_link
from gateway.http.query import Query, Token
from gateway.http.routes.errors import MAIL, SEARCH, WRITE
from gateway.http.routes.examples import BODY, INBOX, MESSAGE, MESSAGE_ID, PAGE
from gateway.http.routes.filters import FilterQuery, given
from gateway.http.selected import message_without_preview, page_without_previews
from gateway.identity.scope import Scope
from gateway.mail import body, listing, messages, selected_message, store
from gateway.mail.fields import Fields
from gateway.mail.header_resource import SelectedMessage, SelectedPage
from gateway.mail.query import PageQuery
from gateway.mail.resource import Body, Flag, Message, MessagePage, StoredMessage

Property = Annotated[str, Meta(min_length=1, max_length=200)]
Selection = Annotated[
    list[Property],
    Meta(
        min_length=1,
        max_length=100,
        description="only these members: names of a summary, `references`, `list`, `authentication`, and "
        "`header:{Name}[:as{Form}][:all]` with the forms Raw, Text, Addresses, GroupedAddresses, MessageIds, Date and "
        "URLs; of one message also `headers` and `bodyStructure`",
    ),
]


Preview = Annotated[bool, Meta(description="make previews where the mail server has none; needs mail.read")]


class MessagesQuery(FilterQuery, kw_only=True, frozen=True):
    limit: Annotated[int, Meta(ge=1, description="most messages in one page")] = 50
    cursor: Annotated[Token, Meta(description="`nextCursor` of the page before")] | UnsetType = UNSET
    preview: Preview = False
    fields: Selection | UnsetType = UNSET


class MessageQuery(Query, kw_only=True, frozen=True):
    preview: Preview = False
    fields: Selection | UnsetType = UNSET


class StoreQuery(Query, kw_only=True, frozen=True):
    flags: (
        Annotated[list[Annotated[Flag, Meta(max_length=255)]], Meta(max_length=100, description="flags it gets")]
        | UnsetType
    ) = UNSET
    received_at: (
        Annotated[datetime, Meta(tz=True, description="when it counts as received; default: now")] | UnsetType
    ) = UNSET
    unless_exists: (
        Annotated[
            bool,
            Meta(
                description="not where the folder has the message already: same Message-ID, header and size; default: "
                "true with an Idempotency-Key"
            ),
        ]
        | UnsetType
    ) = UNSET


class BodyQuery(Query, kw_only=True, frozen=True):
    max_bytes: Annotated[
        int, Meta(ge=1, le=8_388_608, description="most octets of each text; `isTruncated` tells of more")
    ] = 1_048_576
    remote: Annotated[
        Literal["block", "keep"], Meta(description="what becomes of references to other servers in HTML")
    ] = "block"


async def list_messages(call: Call[MessagesQuery, None]) -> Response:
    query, may_read = call.query, call.caller.allows(Scope.READ)
    most = call.services.settings.limits.page_max
    if query.limit > most:
        raise InvalidRequest(f"a page has at most {most} messages", field="limit")
    if (query.text is not UNSET or query.preview) and not may_read:
        raise InsufficientScope(Scope.READ.value)
    if query.fields is not UNSET:
        return await _selected_page(call, Fields.parse(query.fields, page=True))
    asked = _page_query(call, taking_tags=may_read)
    if may_read and not query.preview:
        page = await listing.listing(call.desk, await call.account(), call.folder, asked)
        if page.value is None:
            return reply.tagged(call, None, page.etag)
        return reply.listed(call, page.value, page.etag, next_link(call, page.value.next_cursor))
    found = await messages.page(call.desk, await call.account(), call.folder, asked)
    if found.value is None:
        return reply.tagged(call, None, found.etag)
    headers = next_link(call, found.value.next_cursor)
    if not may_read:
        return reply.json(page_without_previews(found.value), headers=headers)
    return reply.tagged(call, found.value, found.etag, headers)


async def _selected_page(call: Call[MessagesQuery, None], fields: Fields) -> Response:
    _check_preview(call, fields)
    made = "preview" in fields.names  # without it nobody would see them
    found = await selected_message.get_selected_page(
        call.desk,
        await call.account(),
        call.folder,
        replace(_page_query(call, taking_tags=True), previews=made),
        fields,
    )
    cursor = None if found.value is None else found.value["nextCursor"]
    return reply.tagged(call, found.value, found.etag, next_link(call, cursor if isinstance(cursor, str) else None))


def _check_preview(call: Call[Any, None], fields: Fields) -> None:
    """A preview is the beginning of the body. Raises InsufficientScope."""
    if "preview" in fields.names and not call.caller.allows(Scope.READ):
        raise InsufficientScope(Scope.READ.value)


def _page_query(call: Call[MessagesQuery, None], *, taking_tags: bool) -> PageQuery:
    """Entity tags stand for what a token with mail.read sees; to others none is given, so none is taken from them."""
    tags = tags_of(call.headers, "If-None-Match") if taking_tags else None
    query = call.query
    return PageQuery(
        limit=query.limit,
        cursor=given(query.cursor),
        filter=query.chosen(),
        if_none_match=frozenset() if tags is None else tags.all,
        previews=query.preview,
    )


async def store_message(call: Call[StoreQuery, Upload]) -> Response:
    query = call.query
    stored = await store.store(
        call.desk,
        await call.account(),
        call.folder,
        size=call.body.size,
        source=call.body.source,
        flags=[] if query.flags is UNSET else query.flags,
        received_at=given(query.received_at),
        unless_exists=IDEMPOTENCY_KEY in call.headers if query.unless_exists is UNSET else query.unless_exists,
    )
    if stored.existed:
        return reply.json(stored)
    return reply.created(stored, call.href(f"messages/{stored.id}") if stored.id else None)


async def get_message(call: Call[MessageQuery, None]) -> Response:
    made, may_read = call.query.preview, call.caller.allows(Scope.READ)
    if made and not may_read:
        raise InsufficientScope(Scope.READ.value)
    if call.query.fields is not UNSET:
        fields = Fields.parse(call.query.fields)
        _check_preview(call, fields)
        made = "preview" in fields.names  # as on a page
        chosen = await selected_message.get_selected(
            call.desk, await call.account(), call.message, fields, call.part_href, preview=made
        )
        return reply.tagged(call, chosen.value, chosen.etag)
    found = await messages.get_message(call.desk, await call.account(), call.message, call.part_href, preview=made)
    if found.value is not None and not may_read:
        return reply.json(message_without_preview(found.value))
    return reply.tagged(call, found.value, found.etag)


async def get_body(call: Call[BodyQuery, None]) -> Response:
    query = call.query
    found = await body.get_body(
        call.desk,
        await call.account(),
        call.message,
        max_bytes=query.max_bytes,
        remote=query.remote,
        part_href=call.part_href,
    )
    if prefers_html(call.headers.get("accept", "")):
        return html_answer(call, found, query.remote)
    return reply.fixed(call, found)


_FOLDER_MESSAGES: Final = "/v1/accounts/{account}/folders/{folder}/messages"
_MESSAGE: Final = "/v1/accounts/{account}/messages/{message}"
_STORED: Final = StoredMessage(id=MESSAGE_ID, folder_id=INBOX, size=48213)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_FOLDER_MESSAGES,
        scope=Scope.METADATA,
        handler=list_messages,
        in_batch=True,
        summary="A page of the folder's messages, newest first",
        description="Summaries only. A cursor is a position: mail that arrives meanwhile neither repeats nor "
        "hides any. `preview` and `text=` are for tokens with mail.read.",
        tag="messages",
        query=MessagesQuery,
        body=NoBody(),
        answers=(
            Answer(
                200,
                "The page.",
                MessagePage,
                headers={"Link": 'rel="next": the next page'},
                example=PAGE,
                otherwise=SelectedPage,
            ),
        ),
        errors=(*MAIL, *SEARCH),
    ),
    Endpoint(
        method="POST",
        path=_FOLDER_MESSAGES,
        scope=Scope.MODIFY,
        handler=store_message,
        summary="Store a message as it is",
        description="Streamed to the mail server where Content-Length is sent; else put aside first, up to the cap. "
        "With an Idempotency-Key or `unlessExists` the folder is first searched for the message: repeated after a "
        "restart, or to another replica, it is stored once all the same.",
        tag="messages",
        query=StoreQuery,
        body=MessageBody(),
        answers=(
            Answer(
                200,
                "It was there already; nothing was stored.",
                StoredMessage,
                example=replace(_STORED, existed=True),
            ),
            Answer(201, "It is stored.", StoredMessage, headers={"Location": "its path, if known"}, example=_STORED),
        ),
        errors=(*WRITE, "destination-missing"),
    ),
    Endpoint(
        method="GET",
        path=_MESSAGE,
        scope=Scope.METADATA,
        handler=get_message,
        in_batch=True,
        summary="One message: summary, references, MIME structure",
        description="With `fields=` only what it names, and nothing else is asked of the mail server: header fields in "
        "the forms of RFC 8621 section 4.1.2, what a mailing list says of itself, authentication results.",
        tag="messages",
        query=MessageQuery,
        body=NoBody(),
        answers=(Answer(200, "The message.", Message, example=MESSAGE, otherwise=SelectedMessage),),
        errors=MAIL,
    ),
    Endpoint(
        method="GET",
        path=_MESSAGE + "/body",
        scope=Scope.READ,
        handler=get_body,
        in_batch=True,
        summary="What a reader sees: text, sanitised HTML, attachments",
        description="With `Accept: text/html` the sanitised HTML itself, under a policy that lets it run nothing.",
        tag="messages",
        query=BodyQuery,
        body=NoBody(),
        answers=(
            Answer(200, "The body.", Body, example=BODY),
            Answer(200, "The sanitised HTML, or the text as a page.", media_type="text/html"),
        ),
        errors=(*MAIL, "encoding-unknown"),
        headers={"Accept": "text/html for the sanitised HTML itself"},
    ),
)
