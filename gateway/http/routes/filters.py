"""The simple filters as query parameters: what pages and exports of a folder choose messages by."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from gateway.http.query import Query, Term
from gateway.mail.request import Filter


class FilterQuery(Query, kw_only=True, frozen=True):
    """All that are given must hold."""

    unseen: Annotated[bool, Meta(description="only those without (or, false: with) `$seen`")] | UnsetType = UNSET
    flagged: Annotated[bool, Meta(description="only those with (or, false: without) `$flagged`")] | UnsetType = UNSET
    from_: Annotated[Term, Meta(description="in the From field")] | UnsetType = UNSET
    to: Annotated[Term, Meta(description="in the To field")] | UnsetType = UNSET
    subject: Annotated[Term, Meta(description="in the subject")] | UnsetType = UNSET
    text: Annotated[Term, Meta(description="anywhere in the message; needs mail.read")] | UnsetType = UNSET
    since: Annotated[date, Meta(description="received on this day or later")] | UnsetType = UNSET
    before: Annotated[date, Meta(description="received before this day")] | UnsetType = UNSET

    def chosen(self) -> Filter:
        """The filter that the verbs take."""
        return Filter(
            unseen=given(self.unseen),
            flagged=given(self.flagged),
            from_=given(self.from_),
            to=given(self.to),
            subject=given(self.subject),
            text=given(self.text),
            since=_day(self.since),
            before=_day(self.before),
        )


def given(value: Any) -> Any:
    """None for a parameter that was not sent."""
    return None if value is UNSET else value


def _day(value: date | UnsetType) -> str | None:
    return value.isoformat() if isinstance(value, date) else None
