"""File names: RFC 2231 and RFC 2047 forms, 8-bit, and what nobody should save under."""

from __future__ import annotations

from tests.corpus.case import Case, multi, part, parts

TEXT = part(b"Type: text/plain", b"text")
MIXED = b"multipart/mixed; boundary=b"


def _named(name: str, parameters: bytes, shown: str | None, offered: str | None = None) -> Case:
    """``parameters`` of the Content-Disposition; ``offered``: the Content-Disposition of the download."""
    file = part(b"Type: application/octet-stream|Disposition: attachment; " + parameters, b"data")
    more = {} if offered is None else {"offered": {"2": offered}}
    return multi(
        name, MIXED, parts(TEXT, file), attachments=[(shown, "application/octet-stream")], hasAttachment=True,
        text="text", parts={"2": b"data"}, **more,
    )  # fmt: skip


def _typed(name: str, content: bytes, shown: str | None) -> Case:
    return multi(name, MIXED, parts(TEXT, part(content, b"data")), attachments=[(shown, "application/octet-stream")])


CASES: list[Case] = [
    _named("plain name", b"filename=a.txt", "a.txt", 'attachment; filename="a.txt"'),
    _named("quoted name", b'filename="a b.txt"', "a b.txt", 'attachment; filename="a b.txt"'),
    _named("name with escapes", b'filename="a\\"b.txt"', 'a"b.txt', 'attachment; filename="a_b.txt"'),
    _named("extended name", b"filename*=UTF-8''%E2%82%AC.txt", "€.txt",
           "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt"),
    _named("extended name with a language", b"filename*=iso-8859-1'en'%A3.txt", "£.txt"),
    _named("extended name without a charset", b"filename*=''%C3%A9.txt", "é.txt"),
    _named("continued name", b'filename*0="a"; filename*1="b.txt"', "ab.txt"),
    _named("continued name out of order", b'filename*1="b.txt"; filename*0="a"', "ab.txt"),
    _named("continued and extended", b"filename*0*=UTF-8''%C3; filename*1*=%A9; filename*2=.txt", "é.txt"),
    _named("both forms", b"filename=a.txt; filename*=UTF-8''%C3%A9.txt", "é.txt"),
    _named("word as name", b'filename="=?UTF-8?Q?=C3=A9.txt?="', "é.txt"),
    _named("word as name without quotes", b"filename==?UTF-8?B?w6kudHh0?=", "é.txt"),
    _named("words folded", b'filename="=?UTF-8?Q?a?=\r\n =?UTF-8?Q?=C3=A9.txt?="', "aé.txt"),
    _named("raw utf-8", 'filename="é.txt"'.encode(), "é.txt"),
    _named("raw latin-1", b'filename="\xe9.txt"', "é.txt"),
    _named("charset of a name that does not exist", b"filename*=x-no'en'%E9.txt", "é.txt"),
    _named("path", b'filename="../../etc/passwd"', "../../etc/passwd", 'attachment; filename="passwd"'),
    _named("path of another system", b"filename*=utf-8''..%5C..%5Cx.exe", "..\\..\\x.exe",
           'attachment; filename="x.exe"'),
    _named("device", b"filename=CON.txt", "CON.txt", 'attachment; filename="_CON.txt"'),
    _named("line break in a name", b"filename*=utf-8''a%0D%0ASet-Cookie%3Ax.txt", "a Set-Cookie:x.txt",
           'attachment; filename="a Set-Cookie_x.txt"'),
    _named("NUL in a name", b"filename*=utf-8''a.txt%00.exe", "a.txt.exe", 'attachment; filename="a.txt.exe"'),
    _named("name that runs backwards", b"filename*=utf-8''%E2%80%AEgpj.exe", "\u202egpj.exe",
           'attachment; filename="gpj.exe"'),
    _named("name of dots", b'filename=".."', "..", 'attachment; filename="download"'),
    _named("markup as a name", b'filename="<img src=x onerror=alert(1)>.txt"', "<img src=x onerror=alert(1)>.txt",
           'attachment; filename="_img src=x onerror=alert(1)_.txt"'),
    _named("empty name", b'filename=""', None),
    _named("no name", b"size=4", None, 'attachment; filename="part-2"'),
    _named("long name", b'filename="' + b"n" * 900 + b'.txt"', "n" * 900 + ".txt",
           'attachment; filename="' + "n" * 146 + '.txt"'),
    _typed("name of the type", b"Type: application/octet-stream; name=a.txt", "a.txt"),
    _typed("extended name of the type", b"Type: application/octet-stream; name*=utf-8''%C3%A9", "é"),
    _typed("two names", b"Type: application/octet-stream; name=b.txt|Disposition: attachment; filename=a.txt", "a.txt"),
    _typed("filename in the type", b"Type: application/octet-stream; filename=a.txt", "a.txt"),
    _typed("inline file", b"Type: application/octet-stream|Disposition: inline; filename=a.txt", "a.txt"),
    _typed("unknown disposition", b"Type: application/octet-stream|Disposition: x-keep; filename=a.txt", "a.txt"),
]  # fmt: skip
