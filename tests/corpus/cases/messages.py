"""Whole messages that are hardly any: no header, no body, strange line ends, header bombs, duplicates."""

from __future__ import annotations

from tests.corpus.case import DATE, FROM, PEOPLE, SENT, TO, Case, head, mail

HEADER = b"\r\n".join([FROM, TO, DATE, b"Subject: x"])
SEEN = {"subject": "x", "sentAt": SENT, **PEOPLE}
NOBODY: dict[str, object] = {"subject": None, "from": [], "to": [], "sentAt": None}

# Of a field that may stand once, the last one counts (RFC 8621 section 4.1.3).
CASES: list[Case] = [
    Case("empty message", b"", {**NOBODY, "text": ""}),
    Case("one line break", b"\r\n", {**NOBODY, "text": ""}),
    Case("header only", HEADER + b"\r\n", {**SEEN, "text": ""}),
    Case("header only without a line end", HEADER, {**SEEN, "text": ""}),
    Case("header and an empty line", HEADER + b"\r\n\r\n", {**SEEN, "text": ""}),
    Case("no header", b"\r\nonly text\r\n", {**NOBODY, "text": "only text\n"}),
    Case("no empty line", HEADER + b"\r\nthis is text\r\nand more\r\n", SEEN),
    Case("mbox line", b"From ann@example.org Fri Nov 20 09:13:58 2026\r\n" + HEADER + b"\r\n\r\ntext\r\n",
         {**SEEN, "text": "text\n"}),
    Case("mbox line with a mark", b">From ann@example.org Fri Nov 20 09:13:58 2026\r\n" + HEADER + b"\r\n\r\ntext\r\n",
         {**SEEN, "text": "text\n"}),
    Case("line that is no field", HEADER + b"\r\nthis is no field\r\nCc: a@example.org\r\n\r\ntext\r\n", SEEN),
    Case("continuation first", b" folded\r\n" + HEADER + b"\r\n\r\ntext\r\n", SEEN),
    Case("line feeds only", (HEADER + b"\r\n\r\na\r\nb\r\n").replace(b"\r\n", b"\n"), {**SEEN, "text": "a\nb\n"}),
    Case("carriage returns only", (HEADER + b"\r\n\r\na\r\nb\r\n").replace(b"\r\n", b"\r"), {}),
    Case("mixed line ends", HEADER.replace(b"\r\n", b"\n", 2) + b"\n\r\na\nb\r\n", {**SEEN, "text": "a\nb\n"}),
    Case("NUL in a header", mail(b"Subject: a\0b"), {"subject": "ab"}),
    Case("bare return in a header", mail(b"Subject: a\rX-Injected: b"), {"subject": "aX-Injected: b"}),
    Case("field name in 8 bits", mail(b"Subject: x", b"X-\xe9: y"), SEEN),
    Case("blank before the colon", mail(b"Subject : x"), SEEN),
    Case("no blank after the colon", mail(b"Subject:x"), SEEN),
    Case("field names in capitals", HEADER.replace(b"From", b"FROM").replace(b"Subject",
        b"SUBJECT") + b"\r\n\r\ntext\r\n",
         SEEN),
    head("subject twice", b"Subject: first", b"Subject: second", subject="second"),
    head("from twice", b"From: a@example.org", b"From: b@example.org", **{"from": [(None, "b@example.org")]}),
    head("to twice", b"To: a@example.org", b"To: b@example.org", to=[(None, "b@example.org")]),
    head("date twice", b"Date: Fri, 20 Nov 2026 09:13:58 +0100", b"Date: Sat, 21 Nov 2026 09:13:58 +0100",
         sentAt="2026-11-21T09:13:58+01:00"),
    Case("header of a megabyte", mail(b"Subject: x", *[b"X-%d: " % n + b"y" * 90 for n in range(10_000)]),
         {**SEEN, "text": "text\n"}),
    Case("line of a megabyte in the header", mail(b"Subject: x", b"X-Long: " + b"y" * 1_000_000), {**SEEN,
        "text": "text\n"}),
    Case("field of fifty thousand folds", mail(b"Subject: x", b"X-Folded: a" + b"\r\n a" * 50_000), {**SEEN,
        "text": "text\n"}),
    Case("field names of a megabyte", mail(b"Subject: x", b"X" * 1_000_000 + b": y"), {**SEEN, "text": "text\n"}),
    Case("spam of every kind", mail(b"Subject: =?utf-8?Q?=F0=9F=92=B0?= " + b"!" * 500,
                                    b"List-Unsubscribe: <https://x.example/u>", b"X-Spam: yes " * 100),
         {"subject": "💰 " + "!" * 500}),
]  # fmt: skip
