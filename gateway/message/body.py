"""Which parts are the text, which the HTML, which the attachments: RFC 8621 section 4.1.4, without recursion."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.message.parameter import file_name
from gateway.message.part import PartLike

MAX_PARTS = 2000  # of one message; what comes after is left out, and said

_MEDIA = ("image", "audio", "video")


class Bodies(Struct, frozen=True):
    """The decomposed message, each list depth first. A part may stand in several."""

    text: tuple[PartLike, ...]
    html: tuple[PartLike, ...]
    attachments: tuple[PartLike, ...]
    has_attachment: bool
    problems: tuple[str, ...] = ()


class _Frame(Struct):
    """A multipart on the way down: the suggested algorithm's arguments and locals."""

    parts: Sequence[PartLike]
    multipart: str
    in_alternative: bool
    html: list[PartLike] | None
    text: list[PartLike] | None
    at: int = 0
    text_from: int = -1
    html_from: int = -1

    def __post_init__(self) -> None:
        if self.text is not None:
            self.text_from = len(self.text)
        if self.html is not None:
            self.html_from = len(self.html)

    def close(self) -> None:
        """An alternative with one rendering only: it serves for the other, too."""
        if self.multipart != "alternative" or self.text is None or self.html is None:
            return
        text_found, html_found = len(self.text) != self.text_from, len(self.html) != self.html_from
        if html_found and not text_found:
            self.text.extend(self.html[max(self.html_from, 0) :])
        elif text_found and not html_found:
            self.html.extend(self.text[max(self.text_from, 0) :])


def decompose(root: PartLike | None) -> Bodies:
    """The lists of RFC 8621 section 4.1.4 for a BODYSTRUCTURE; an unreadable one (None) has nothing in any."""
    if root is None:
        return Bodies((), (), (), False, ("structure-unreadable",))
    html: list[PartLike] = []
    text: list[PartLike] = []
    attachments: list[tuple[PartLike, str]] = []
    stack = [_Frame((root,), "mixed", False, html, text)]
    seen = 0
    while stack and seen < MAX_PARTS:
        frame = stack[-1]
        if frame.at >= len(frame.parts):
            frame.close()
            stack.pop()
            continue
        part = frame.parts[frame.at]
        first = frame.at == 0
        frame.at += 1
        seen += 1
        if part.type == "multipart":
            inside = frame.in_alternative or part.subtype == "alternative"
            stack.append(_Frame(part.parts, part.subtype, inside, frame.html, frame.text))
        else:
            _place(part, frame, first, attachments)
    problems = ("too-many-parts",) if stack else ()
    while stack:
        stack.pop().close()
    # An alternative that was closed may have put a picture into the other list after it was attached.
    both = {id(part) for part in text} & {id(part) for part in html}
    attachments = [pair for pair in attachments if id(pair[0]) not in both]
    offered = any(_is_offered(part, parent) for part, parent in attachments)
    return Bodies(tuple(text), tuple(html), tuple(part for part, _ in attachments), offered, problems)


def _place(part: PartLike, frame: _Frame, first: bool, attachments: list[tuple[PartLike, str]]) -> None:
    media = part.type in _MEDIA
    plain, rich = _is_text(part, "plain"), _is_text(part, "html")
    inline = (
        part.disposition != "attachment"
        and (plain or rich or media)
        and (first or (frame.multipart != "related" and (media or not file_name(part))))
    )
    if not inline:
        attachments.append((part, frame.multipart))
        return
    if frame.multipart == "alternative":
        targets = [frame.text] if plain else [frame.html] if rich else []
    else:
        if frame.in_alternative and plain:
            frame.html = None
        if frame.in_alternative and rich:
            frame.text = None
        targets = [frame.text, frame.html]
    open_targets = [target for target in targets if target is not None]
    for target in open_targets:
        target.append(part)
    # The suggested algorithm loses a text whose list is closed; section 4.1.4 has no part in none of the lists.
    if not open_targets or (media and len(open_targets) < 2):
        attachments.append((part, frame.multipart))


def _is_text(part: PartLike, subtype: str) -> bool:
    return part.type == "text" and part.subtype == subtype


# Parts that programs read and people don't (RFC 8621 section 4.1.4: "processed automatically in some way").
_AUTOMATIC = frozenset(
    (
        ("application", "pgp-signature"), ("application", "pkcs7-signature"), ("application", "x-pkcs7-signature"),
        ("application", "pgp-encrypted"), ("message", "delivery-status"), ("message", "global-delivery-status"),
        ("message", "disposition-notification"), ("message", "feedback-report"), ("text", "rfc822-headers"),
    )
)  # fmt: skip


def _is_offered(part: PartLike, parent: str) -> bool:
    """Whether a reader would call it an attachment.

    It is not: what is marked inline; signatures and report parts; an image, or anything else with a Content-ID, that
    an HTML part beside it shows (in multipart/related); another rendering of the same text, such as the
    text/calendar of an invitation (in multipart/alternative, without a name).
    """
    if part.disposition == "attachment":
        return (part.type, part.subtype) not in _AUTOMATIC
    if part.disposition == "inline" or (part.type, part.subtype) in _AUTOMATIC:
        return False
    if parent == "related" and (part.id or part.type == "image"):
        return False
    return not (parent == "alternative" and not file_name(part))


def has_attachment(root: PartLike | None) -> bool:
    """RFC 8621 section 4.1.4 ``hasAttachment``. What most mail is made of is told without taking it apart."""
    if root is None:
        return False
    found = _at_a_glance(root)
    return decompose(root).has_attachment if found is None else found


def _at_a_glance(root: PartLike) -> bool | None:
    """Whether there is a file, where that needs no list: one that is marked so, or texts alone; None: it does."""
    only_texts = True
    waiting: list[tuple[PartLike, str]] = [(root, "mixed")]
    seen = 0
    while waiting:
        part, parent = waiting.pop()
        seen += 1
        if seen > MAX_PARTS:
            return None
        if part.type == "multipart":
            only_texts = only_texts and parent == "mixed" and part.subtype in ("mixed", "alternative")
            waiting += [(child, part.subtype) for child in part.parts]
        elif part.disposition == "attachment" and (part.type, part.subtype) not in _AUTOMATIC:
            return True
        elif part.type != "text" or part.subtype not in ("plain", "html") or part.disposition or file_name(part):
            only_texts = False
    return False if only_texts else None
