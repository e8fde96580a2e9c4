"""Bodies of one part: charsets, transfer encodings, line ends, flowed text, HTML."""

from __future__ import annotations

import base64
import binascii

from tests.corpus.case import Case, Holds, Repeated, mail, single

PLAIN = b"Type: text/plain; charset="
B64 = b"|Transfer-Encoding: base64"
QP = b"|Transfer-Encoding: quoted-printable"
EIGHT = b"|Transfer-Encoding: 8bit"


def _charset(label: bytes, octets: bytes, shown: str, *, problem: bool = False) -> Case:
    """In base64, so that the octets arrive as they are on any server."""
    return single(
        f"charset {label.decode()} of {shown!r}", PLAIN + label + B64, base64.b64encode(octets) + b"\r\n",
        text=shown, html=None, encodingProblem=problem, bodyProblems=["encoding-problem"] if problem else [],
    )  # fmt: skip


def _broken(name: str, content: bytes, body: bytes, shown: str) -> Case:
    """Readable, but not without a guess: that is said."""
    return single(name, content, body, text=shown, encodingProblem=True, bodyProblems=["encoding-problem"])


UUENCODED = b"begin 644 a.txt\r\n" + binascii.b2a_uu(b"hello\n").strip() + b"\r\n`\r\nend\r\n"

CHARSETS: list[Case] = [
    _charset(b"utf-8", "Grüße €\n".encode(), "Grüße €\n"),
    _charset(b'"utf-8"', b"\xef\xbb\xbfmark\n", "mark\n"),
    _charset(b"UTF8", "é\n".encode(), "é\n"),
    _charset(b"iso-8859-1", b"Gr\xfc\xdfe\n", "Grüße\n"),
    _charset(b"iso-8859-1", b"\x93quoted\x94 \x80\n", "“quoted” €\n"),
    _charset(b"iso-8859-15", b"\xa4\n", "€\n"),
    _charset(b"iso-8859-2", b"\xb1\n", "ą\n"),
    _charset(b"windows-1252", b"\x85\n", "…\n"),
    _charset(b"windows-1251", "Привет\n".encode("cp1251"), "Привет\n"),
    _charset(b"koi8-r", "Привет\n".encode("koi8-r"), "Привет\n"),
    _charset(b"koi8-u", "Їжак\n".encode("koi8-u"), "Їжак\n"),
    _charset(b"ibm866", "Привет\n".encode("cp866"), "Привет\n"),
    _charset(b"iso-2022-jp", b"\x1b$BF|K\\8l\x1b(B\n", "日本語\n"),
    _charset(b"shift_jis", "日本語①\n".encode("cp932"), "日本語①\n"),
    _charset(b"euc-jp", "日本語\n".encode("euc_jp"), "日本語\n"),
    _charset(b"gb2312", "朱镕基\n".encode("gbk"), "朱镕基\n"),
    _charset(b"gb18030", "汉字\u3480\n".encode("gb18030"), "汉字\u3480\n"),
    _charset(b"hz-gb-2312", b"~{::WV~}\n", "汉字\n"),
    _charset(b"big5", "繁體\n".encode("big5"), "繁體\n"),
    _charset(b"euc-kr", "한국\n".encode("euc_kr"), "한국\n"),
    _charset(b"tis-620", "ไทย\n".encode("cp874"), "ไทย\n"),
    _charset(b"iso-8859-8-i", "שלום\n".encode("iso8859-8"), "שלום\n"),
    _charset(b"windows-1256", "سلام\n".encode("cp1256"), "سلام\n"),
    _charset(b"utf-7", b"caf+AOk-\n", "café\n"),
    _charset(b"utf-16", b"\xff\xfeh\0i\0\n\0", "hi\n"),
    _charset(b"utf-16", b"\xfe\xff\0h\0i\0!\0\n", "hi!\n"),
    _charset(b"utf-16", b"a\0b\0c\0d\0\n\0", "abcd\n"),
    _charset(b"utf-16le", b"h\0i\0\n\0", "hi\n"),
    _charset(b"utf-16be", b"\0h\0i\0\n\0\n", "hi\n\n"),
    _charset(b"utf-16", b"no utf-16 at all\n", "no utf-16 at all\n", problem=True),
    _charset(b"utf-16le", b"h\0i\0\x00\xd8", "hi\ufffd", problem=True),
    _charset(b"utf-8", b"a\xffb\n", "a\ufffdb\n", problem=True),
    _charset(b"us-ascii", "é\n".encode(), "é\n"),
    _charset(b"us-ascii", b"Gr\xfc\xdfe\n", "Grüße\n", problem=True),
    _charset(b"x-unknown", "é\n".encode(), "é\n", problem=True),
    _charset(b"x-unknown", b"Gr\xfc\xdfe\n", "Grüße\n", problem=True),
    _charset(b"unicode_escape", b"a\\u0041\n", "a\\u0041\n", problem=True),
    _charset(b'""', "é\n".encode(), "é\n"),
    _charset(b"utf-8", b"a\0b\n", "ab\n"),
    _charset(b"utf-8", b"a\rb\r\nc\n", "a\nb\nc\n"),
]

TRANSFER: list[Case] = [
    single("quoted-printable", PLAIN + b"utf-8" + QP, b"caf=C3=A9 =3D =\r\nx\r\n", text="café = x\n"),
    single("quoted-printable in lower case", PLAIN + b"utf-8" + QP, b"caf=c3=a9\r\n", text="café\n"),
    single("quoted-printable with blanks after a soft break", PLAIN + b"utf-8" + QP, b"a= \t\r\nb\r\n", text="ab\n"),
    single("quoted-printable with blanks at line ends", PLAIN + b"utf-8" + QP, b"a  \r\nb\t\r\n", text="a\nb\n"),
    single("quoted-printable that ends softly", PLAIN + b"utf-8" + QP, b"a=", text="a"),
    single("quoted-printable on one long line", PLAIN + b"utf-8" + QP, b"=41" * 5000, text=Repeated("A", 5000)),
    _broken("quoted-printable with a bad escape", PLAIN + b"utf-8" + QP, b"100=ZZ =4\r\n", "100=ZZ =4\n"),
    single(
        "base64 without padding",
        PLAIN + b"utf-8" + B64,
        b"aGVsbG8\r\n",
        text="hello",
        encodingProblem=True,
        bodyProblems=["encoding-problem"],
    ),
    single(
        "base64 on one line", PLAIN + b"utf-8" + B64, base64.b64encode(b"hello " * 500), text=Repeated("hello ", 500)
    ),
    single("base64 in short lines", PLAIN + b"utf-8" + B64, b"aG\r\nVs\r\nbG\r\n8=\r\n", text="hello"),
    single("base64 with blank lines", PLAIN + b"utf-8" + B64, b"\r\naGVs\r\n\r\nbG8=\r\n", text="hello"),
    single("base64 in two pieces", PLAIN + b"utf-8" + B64, b"aGVsbG8=\r\nIHlvdQ==\r\n", text="hello you"),
    _broken("base64 with junk", PLAIN + b"utf-8" + B64, b"aGV*sb!G8=\r\n", "hello"),
    _broken("base64 with one digit too many", PLAIN + b"utf-8" + B64, b"aGVsbG8hI\r\n", "hello!"),
    single("base64 of nothing", PLAIN + b"utf-8" + B64, b"", text=""),
    single("base64 by another spelling", PLAIN + b"utf-8|Transfer-Encoding: BASE64", b"aGVsbG8=\r\n", text="hello"),
    single("uuencode", PLAIN + b"utf-8|Transfer-Encoding: x-uuencode", UUENCODED, text="hello\n"),
    single("uuencode in plain text stays", PLAIN + b"utf-8", UUENCODED, text=UUENCODED.decode().replace("\r\n", "\n")),
    _broken(
        "transfer encoding that does not exist", PLAIN + b"utf-8|Transfer-Encoding: x-rot13", b"uryyb\r\n", "uryyb\n"
    ),
    single("8bit", PLAIN + b"utf-8" + EIGHT, "Grüße\r\n".encode(), text="Grüße\n"),
    single("8-bit by another name", PLAIN + b"utf-8|Transfer-Encoding: 8-bit", "Grüße\r\n".encode(), text="Grüße\n"),
    single("8-bit octets in 7bit", PLAIN + b"utf-8|Transfer-Encoding: 7bit", "Grüße\r\n".encode(), text="Grüße\n"),
    single("utf-8 without a charset", b"Type: text/plain" + EIGHT, "Grüße\r\n".encode(), text="Grüße\n"),
    _broken("latin-1 without a charset", b"Type: text/plain" + EIGHT, b"Gr\xfc\xdfe\r\n", "Grüße\n"),
    single("no content type", b"", "Grüße\r\n".encode(), text="Grüße\n", html=None, attachments=[]),
    single("bare line feeds", PLAIN + b"utf-8", b"a\nb\r\nc\n", text="a\nb\nc\n"),
    single("bare carriage returns", PLAIN + b"utf-8", b"a\rb\r\n", text="a\nb\n"),
    single("NUL", PLAIN + b"utf-8", b"a\0b\r\n", text="ab\n"),
    single("control characters", PLAIN + b"utf-8", b"a\x07\x1b[31mb\r\n", text="a\x07\x1b[31mb\n"),
    single(
        "ten megabytes on one line",
        PLAIN + b"utf-8",
        b"x" * 10_000_000 + b"\r\n",
        text=Repeated("x", 1_048_576),
        truncated=True,
    ),
    single("a hundred thousand lines", PLAIN + b"utf-8", b"\r\n" * 100_000, text=Repeated("\n", 100_000)),
    single("no body", PLAIN + b"utf-8", b"", text=""),
    single("no line end", PLAIN + b"utf-8", b"end", text="end"),
]

FLOWED = b"Type: text/plain; charset=utf-8; format=flowed"
FLOW: list[Case] = [
    single("flowed", FLOWED, b"one \r\ntwo\r\nthree\r\n", text="one two\nthree\n"),
    single("flowed with delsp", FLOWED + b"; delsp=yes", b"on \r\ne\r\n", text="one\n"),
    single("flowed by another spelling", b"Type: TEXT/PLAIN; FORMAT=Flowed", b"one \r\ntwo\r\n", text="one two\n"),
    single("flowed quotes", FLOWED, b"> one \r\n> two\r\n>> deep\r\nmine\r\n", text="> one two\n>> deep\nmine\n"),
    single("flowed and stuffed", FLOWED, b" > no quote\r\n From here\r\n", text="> no quote\nFrom here\n"),
    single("flowed up to the signature", FLOWED, b"text \r\n-- \r\nme\r\n", text="text \n-- \nme\n"),
    single("flowed in quoted-printable", FLOWED + QP, b"one=20\r\ntwo\r\n", text="one two\n"),
    single("blanks at line ends without flow", PLAIN + b"utf-8", b"one \r\ntwo\r\n", text="one \ntwo\n"),
]

HTML = b"Type: text/html; charset=utf-8"
MARKUP: list[Case] = [
    single("html only", HTML, b"<p>one<p>two &amp; three\r\n", text="one\n\ntwo & three",
           html=Holds(("<p>one</p>", "two &amp; three")), attachments=[], hasAttachment=False),
    single("html with a script", HTML, b"<p>a<script>alert(1)</script></p>", text="a", html="<p>a</p>"),
    single("html with remote images", HTML, b"<p>a</p><img src='http://x.example/1'><img src=//x.example/2>",
           text="a", html="<p>a</p>", blockedRemote=2),
    single("html with its charset inside", b"Type: text/html" + QP,
           b'<meta charset=3D"iso-8859-2">=B1', text="ą", html="ą"),
    single("html with another charset inside", b"Type: text/html; charset=utf-8",
           '<meta charset="iso-8859-2">é'.encode(), text="é", html="é"),
    single("html that says utf-16 in ascii", b"Type: text/html", b"<meta charset=utf-16>a", text="a", html="a"),
    single("html of nested elements without end", HTML, b"<div>" * 100_000 + b"deep", text="deep", html=Holds(("deep",
        )),
           bodyProblems=["html-too-deep", "html-too-large"]),
    single("html of formatting without end", HTML, b"<b><i>" * 2000 + b"deep", text="deep", html=Holds(("deep",)),
           bodyProblems=["html-too-deep"]),
    single("html that never closes a comment", HTML, b"seen<!-- open", text=Holds(("seen",)), html=Holds(("seen",))),
    single("html that is empty", HTML, b"", text="", html=""),
    single("html entities", HTML, b"&lt;b&gt; &eacute; &#233; &#x1F600; &#0; &nosuch;",
           text=Holds(("<b> é é 😀",)), html=Holds(("&lt;b&gt; é é 😀",))),
    single("html in utf-16", b"Type: text/html; charset=utf-16" + B64, base64.b64encode("<p>ü</p>".encode("utf-16")),
           text="ü", html="<p>ü</p>"),
    single("html lists and quotes", HTML, b"<ul><li>a<li>b</ul><blockquote>q</blockquote>",
           text="- a\n- b\n\n> q", html=Holds(("<li>a</li>", "<blockquote>q</blockquote>"))),
    Case("html called plain", mail(b"Subject: x", b"Content-Type: text/plain", body=b"<b>a</b>\r\n"),
         {"text": "<b>a</b>\n", "html": None}),
]  # fmt: skip

CASES = CHARSETS + TRANSFER + FLOW + MARKUP
