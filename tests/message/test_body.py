"""The body lists of RFC 8621 section 4.1.4."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.body import MAX_PARTS, decompose, has_attachment
from gateway.message.part import PartLike
from tests.effort import least
from tests.message.parts import Leaf, leaf, multipart


def labels(parts: Iterable[PartLike]) -> str:
    return "".join(part.label for part in parts if isinstance(part, Leaf))


def lists(root: Leaf) -> tuple[str, str, str]:
    bodies = decompose(root)
    return labels(bodies.text), labels(bodies.html), labels(bodies.attachments)


def test_the_example_of_the_standard() -> None:
    root = multipart(
        "mixed",
        leaf("text/plain", "A", disposition="inline"),
        multipart(
            "mixed",
            multipart(
                "alternative",
                multipart(
                    "mixed",
                    leaf("text/plain", "B", disposition="inline"),
                    leaf("image/jpeg", "C", disposition="inline"),
                    leaf("text/plain", "D", disposition="inline"),
                ),
                multipart("related", leaf("text/html", "E"), leaf("image/jpeg", "F")),
            ),
            leaf("image/jpeg", "G", disposition="attachment"),
            leaf("application/x-excel", "H"),
            leaf("message/rfc822", "J"),
        ),
        leaf("text/plain", "K", disposition="inline"),
    )
    assert lists(root) == ("ABCDK", "AEK", "CFGHJ")


T, H = leaf("text/plain", "T"), leaf("text/html", "H")


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (T, ("T", "T", "")),
        (H, ("H", "H", "")),
        (leaf("application/pdf", "P"), ("", "", "P")),
        (leaf("image/png", "I"), ("I", "I", "")),
        (leaf("text/plain", "T", disposition="attachment"), ("", "", "T")),
        (multipart("alternative", T, H), ("T", "H", "")),
        (multipart("alternative", T), ("T", "T", "")),
        (multipart("alternative", H), ("H", "H", "")),
        (multipart("alternative", T, H, leaf("text/calendar", "C")), ("T", "H", "C")),
        (multipart("mixed", T, H), ("TH", "TH", "")),
        (multipart("mixed", T, leaf("text/plain", "N", name=b"n.txt")), ("T", "T", "N")),
        (multipart("mixed", leaf("text/plain", "N", name=b"n.txt"), T), ("NT", "NT", "")),
        (multipart("related", H, leaf("image/png", "I", cid=b"<i>")), ("H", "H", "I")),
        (multipart("mixed", T, leaf("image/png", "I")), ("TI", "TI", "")),
        (
            multipart("mixed", multipart("alternative", T, multipart("related", H, leaf("image/png", "I")))),
            ("T", "H", "I"),
        ),
        (multipart("mixed"), ("", "", "")),
        (multipart("signed", T, leaf("application/pgp-signature", "S")), ("T", "T", "S")),
        (multipart("alternative", multipart("mixed", T, H)), ("T", "T", "H")),
        (multipart("digest", leaf("message/rfc822", "M"), leaf("message/rfc822", "N")), ("", "", "MN")),
    ],
)
def test_lists(root: Leaf, expected: tuple[str, str, str]) -> None:
    assert lists(root) == expected


@pytest.mark.parametrize(
    ("root", "has"),
    [
        (T, False),
        (multipart("mixed", T, leaf("application/pdf", "P")), True),
        (multipart("mixed", T, leaf("application/pdf", "P", disposition="inline")), False),
        (multipart("mixed", T, leaf("image/png", "I", disposition="attachment")), True),
        (multipart("related", H, leaf("image/png", "I", cid=b"<i>")), False),
        (multipart("related", H, leaf("image/png", "I", cid=b"<i>", disposition="attachment")), True),
        (multipart("related", H, leaf("application/pdf", "P")), True),
        (multipart("signed", T, leaf("application/pgp-signature", "S")), False),
        (multipart("signed", T, leaf("application/pkcs7-signature", "S", disposition="attachment")), False),
        (multipart("alternative", T, H, leaf("text/calendar", "C")), False),
        (multipart("mixed", T, leaf("text/calendar", "C", name=b"invite.ics")), True),
        (multipart("report", T, leaf("message/delivery-status"), leaf("text/rfc822-headers")), False),
        (multipart("mixed", T, leaf("message/rfc822", "M")), True),
        (leaf("application/pkcs7-mime", "P"), True),
    ],
)
def test_has_attachment(root: Leaf, has: bool) -> None:
    assert has_attachment(root) is has


def test_an_unreadable_structure_is_said() -> None:
    assert decompose(None).problems == ("structure-unreadable",)
    assert not has_attachment(None)


def test_depth_and_width_are_bounded() -> None:
    deep = T
    for _ in range(100_000):
        deep = multipart("mixed", deep)
    wide = multipart("mixed", *[leaf("application/pdf")] * 100_000)
    assert decompose(deep).problems == ("too-many-parts",)
    assert len(decompose(wide).attachments) == MAX_PARTS - 1
    assert least(lambda: (decompose(deep), decompose(wide)), 0.25) < 0.25
    while deep.parts:  # taken apart by hand: the interpreter would do it by recursion
        deep = deep.parts[0]


_LEAVES = st.builds(
    leaf,
    st.sampled_from(["text/plain", "text/html", "image/png", "application/pdf", "text/calendar"]),
    disposition=st.sampled_from([None, "inline", "attachment"]),
    name=st.sampled_from([None, b"x.txt"]),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda subtype, parts: multipart(subtype, *parts),
        st.sampled_from(["mixed", "alternative", "related", "signed"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def leaves(root: Leaf) -> list[Leaf]:
    return [root] if root.type != "multipart" else [one for part in root.parts for one in leaves(part)]


@given(_TREES)
def test_no_part_is_lost_and_the_definition_holds(root: Leaf) -> None:
    bodies = decompose(root)
    text, html, attached = ({id(part) for part in found} for found in (bodies.text, bodies.html, bodies.attachments))
    for part in leaves(root):
        if part.type in ("image", "audio", "video"):
            assert (id(part) in attached) == (not (id(part) in text and id(part) in html))
        else:
            assert (id(part) in attached) == (not (id(part) in text or id(part) in html))
    order = [id(part) for part in leaves(root)]
    assert [id(part) for part in bodies.attachments] == [one for one in order if one in attached]


@given(_TREES)
def test_what_a_glance_tells_is_what_the_lists_tell(root: Leaf) -> None:
    assert has_attachment(root) == decompose(root).has_attachment
