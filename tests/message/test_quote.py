"""Own words, quotes and signatures of plain texts as mail programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.quote import segments
from tests.effort import linear


def kinds(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start : start + length]) for kind, start, length in segments(text)]


def own(text: str) -> str:
    return "".join(piece for kind, piece in kinds(text) if kind == "text").strip()


def test_a_reply_above_its_quote() -> None:
    text = "Agreed.\n\nOn Fri, 20 Nov 2026 at 09:13, A. Writer <a@example.org> wrote:\n> Shall we?\n>\n> Regards\n"
    assert kinds(text) == [("text", "Agreed.\n\n"), ("quote", text[9:])]


def test_replies_between_quotes() -> None:
    text = "> one\n\nyes\n\n> two\nno\n-- \nA. Writer\n"
    assert kinds(text) == [
        ("quote", "> one\n\n"),
        ("text", "yes\n\n"),
        ("quote", "> two\n"),
        ("text", "no\n"),
        ("signature", "-- \nA. Writer\n"),
    ]


def test_a_signature_between_words_and_quote() -> None:
    text = "Yes.\n\n-- \nA. Writer\n\n2026-11-20 9:13 GMT+01:00 B <b@example.org>:\n> Shall we?"
    assert [kind for kind, _ in kinds(text)] == ["text", "signature", "quote"]


@pytest.mark.parametrize(
    "attribution",
    [
        "On Fri, Nov 20, 2026 at 9:13 AM A. Writer <a@example.org> wrote:",
        "On Fri, Nov 20, 2026 at 9:13 AM A. Writer With A Rather Long Name <\na.writer@example.org> wrote:",
        "Am 20.11.26 um 09:13 schrieb A. Writer:",
        "Am Freitag, 20. November 2026, 09:13:58 MEZ schrieb A. Writer <a@example.org>:",
        "Le ven. 20 nov. 2026 à 09:13, A. Writer <a@example.org> a écrit :",
        "El vie, 20 nov 2026 a las 9:13, A. Writer (<a@example.org>) escribió:",
        "Il giorno ven 20 nov 2026 alle ore 09:13 A. Writer <a@example.org> ha scritto:",
        "Em sex., 20 de nov. de 2026 às 09:13, A. Writer <a@example.org> escreveu:",
        "Op vr 20 nov. 2026 om 09:13 schreef A. Writer <a@example.org>:",
        "Den fre 20 nov. 2026 kl 09:13 skrev A. Writer <a@example.org>:",
        "pt., 20 lis 2026 o 09:13 A. Writer <a@example.org> napisał(a):",
        "20.11.2026 9:13, A. Writer пишет:",
        "пт, 20 нояб. 2026 г. в 09:13, A. Writer <a@example.org>:",
        "A. Writer <a@example.org> 于2026年11月20日周五 09:13写道：",
        "2026年11月20日(金) 9:13 A. Writer <a@example.org>:",
    ],
)
def test_who_wrote_belongs_to_the_quote(attribution: str) -> None:
    text = f"Agreed.\n\n{attribution}\n\n> Shall we?\n"
    assert own(text) == "Agreed."


@pytest.mark.parametrize(
    "rest",
    [
        "-----Original Message-----\nFrom: A\nSent: Friday\nTo: B\nSubject: C\n\nShall we?",
        "-----Ursprüngliche Nachricht-----\nVon: A\nGesendet: Freitag\n\nSollen wir?",
        "-------- Message d'origine --------\nDe : A\n\nOui ?",
        "---------- Forwarded message ---------\nFrom: A <a@example.org>\nDate: Fri\nSubject: C\n\nbody",
        "Begin forwarded message:\n\nFrom: A\n",
        "________________________________\nFrom: A <a@example.org>\nSent: Friday, 20 November\nTo: B\nSubject: C\n\nx",
        "*From:* A\n*Sent:* Friday\n*To:* B\n*Subject:* C\n\nbody",
        "Von: A\nGesendet: Freitag\nAn: B\nBetreff: C\n\nText",
        "De : A\nEnvoyé : vendredi\nÀ : B\nObjet : C\n\ntexte",
        "发件人: A\n发送时间: 2026年\n收件人: B\n主题: C\n\nbody",
        "On 20 Nov 2026, at 09:13, A. Writer <a@example.org> wrote:\n\nShall we?\n\nRegards",
        "--- Anything between ---\nFrom: A\nTo: B\n\nbody",
    ],
)
def test_all_below_a_separator_is_quoted(rest: str) -> None:
    text = f"Agreed.\n\n{rest}\n"
    assert kinds(text) == [("text", "Agreed.\n\n"), ("quote", f"{rest}\n")]


@pytest.mark.parametrize(
    "text",
    [
        "We have these:\n\n- one\n- two\n",
        "In 2019 he wrote:\n\nand much more of it\n",
        "--- Results ---\n\nall is well\n",
        "From: the station\nTo: the hotel\nDate: tomorrow\n\nwalk\n",
        "one\n--\n" + "a row of a table\n" * 40,
        "1 < 2 and 3 > 2\n",
        "He said: On the other hand\nno\n",
        "",
    ],
)
def test_own_words_stay(text: str) -> None:
    assert own(text) == text.strip()


@pytest.mark.parametrize("line", ["Sent from my telephone", "Von meinem Telefon gesendet", "--", "-- "])
def test_what_ends_a_letter(line: str) -> None:
    assert kinds(f"Yes.\n\n{line}\nA\n") == [("text", "Yes.\n\n"), ("signature", f"{line}\nA\n")]


def test_offsets_are_code_points() -> None:
    text = "😀é\n> 😀\n"
    assert segments(text) == [("text", 0, 3), ("quote", 3, 4)]


LINES = ["> a", ">", "", "x", "--", "-- ", "On 9:13 a@b wrote:", "---", "From: a", "To: b@c", "Subject: d"]
LINES += ["Sent from my x", "\r", "-----Original Message-----"]


@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_segments_adjoin_and_are_all_of_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = segments(text)
    assert "".join(text[start : start + length] for _, start, length in found) == text
    at = 0
    for number, segment in enumerate(found):
        assert segment.start == at
        assert segment.length > 0
        assert not number or found[number - 1].kind != segment.kind
        at += segment.length


@pytest.mark.parametrize(
    "unit",
    [b"> a\n", b">\n", b"\n", b"a:\n", b"--\n", b"-- \n", b"On 9:13 wrote:\n", b"From:\n", b"-", b"-a", b"_", b":",
     b"From: a\nTo: b\n", b"On 9:13 a@b\n", b"sent from my \n", b"*", b"--\n> a\n", b"From ", b"wrote", b"von meinem "],
)  # fmt: skip
def test_linear(unit: bytes) -> None:
    assert linear(lambda raw: segments(raw.decode()), unit, 100_000)
