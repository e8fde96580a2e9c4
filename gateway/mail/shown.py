"""From the octets of text parts to what is shown: text with its quotes marked, safe HTML, each made where it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, structs
from msgspec.structs import replace

from gateway.imap.structure import BodyPart
from gateway.mail.resource import BodyValue, Segment
from gateway.message.body import Bodies
from gateway.message.flowed import flow_of, unflow
from gateway.message.html import sanitise
from gateway.message.plain import text_to_html
from gateway.message.quote import segments
from gateway.message.text import html_to_text
from gateway.message.value import text_value

Remote = Literal["block", "keep"]


class Raw(Struct, frozen=True):
    """One text part as it came; ``cut``: there may be more of it."""

    part: BodyPart
    octets: bytes
    cut: bool


class Text(Struct, frozen=True):
    """One decoded text part; ``value`` is of the form that is wanted, ``derived`` where the part has another."""

    part: BodyPart
    value: str
    problem: bool
    truncated: bool
    derived: bool = False


def shown(
    raw: Mapping[int, Raw], bodies: Bodies, links: Mapping[str, str], remote: Remote, max_bytes: int
) -> tuple[BodyValue | None, BodyValue | None, int, set[str]]:
    """Text, HTML, how many remote references were taken out, and what is wrong. ``raw``: by the parts' identity."""
    texts = {key: _decoded(each) for key, each in raw.items()}
    plain = [_plain(texts[id(part)]) for part in bodies.text if id(part) in texts]
    text = _text(plain, max_bytes)
    rich = [texts[id(part)] for part in bodies.html if id(part) in texts]
    problems = {"encoding-problem"} if any(each.problem for each in texts.values()) else set()
    if any(each.part.subtype == "html" for each in rich):
        safe, blocked, found = _safe(rich, links, remote)
        return text, _html(safe, max_bytes * 4), blocked, problems | found
    return text, _html_of(text), 0, problems


def _decoded(raw: Raw) -> Text:
    value, problem = text_value(raw.octets, raw.part, truncated=raw.cut)
    flow = flow_of(raw.part)
    if flow.flowed:
        value = unflow(value, delsp=flow.delsp)
    return Text(raw.part, value, problem, raw.cut)


def _plain(text: Text) -> Text:
    if text.part.subtype != "html":
        return text
    return replace(text, value=html_to_text(text.value), derived=True)


def _text(texts: Sequence[Text], max_bytes: int) -> BodyValue | None:
    value = _joined(texts, max_bytes)
    if value is None:
        return None
    marks = [Segment(kind=kind, start=start, length=length) for kind, start, length in segments(value.value)]
    return structs.replace(value, segments=marks)


def _safe(texts: Sequence[Text], links: Mapping[str, str], remote: Remote) -> tuple[list[Text], int, set[str]]:
    """The HTML parts made safe, plain parts between them as they are."""
    out: list[Text] = []
    blocked, problems = 0, set[str]()
    for text in texts:
        if text.part.subtype != "html":
            out.append(replace(text, value=text_to_html(text.value)))
            continue
        safe = sanitise(text.value, cid=links.get, remote=remote)
        blocked += safe.blocked_remote
        problems |= set(safe.problems)
        out.append(replace(text, value=safe.html))
    return out, blocked, problems


def _html(texts: Sequence[Text], max_bytes: int) -> BodyValue | None:
    value = _joined(texts, max_bytes)
    if value is None or not value.is_truncated:
        return value
    return structs.replace(value, value=_without_half_a_tag(value.value))


def _html_of(text: BodyValue | None) -> BodyValue | None:
    """Where a message has no HTML: its text as such."""
    if text is None:
        return None
    return BodyValue(
        value=text_to_html(text.value),
        is_encoding_problem=text.is_encoding_problem,
        is_truncated=text.is_truncated,
        derived=True,
    )


def _joined(texts: Sequence[Text], max_bytes: int) -> BodyValue | None:
    if not texts:
        return None
    value, cut = _cut("\n".join(text.value for text in texts), max_bytes)
    return BodyValue(
        value=value,
        is_encoding_problem=any(text.problem for text in texts),
        is_truncated=cut or any(text.truncated for text in texts),
        derived=all(text.derived for text in texts),
    )


def _cut(value: str, max_bytes: int) -> tuple[str, bool]:
    """At most ``max_bytes`` octets of UTF-8, cut between characters."""
    octets = value.encode()
    if len(octets) <= max_bytes:
        return value, False
    return octets[:max_bytes].decode("utf-8", "ignore"), True


def _without_half_a_tag(html: str) -> str:
    opened = html.rfind("<")
    return html[:opened] if opened > html.rfind(">") else html
