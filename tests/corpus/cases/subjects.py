"""Subjects: encoded words in good and broken forms, charsets, raw 8-bit, folding."""

from __future__ import annotations

import base64

from tests.corpus.case import Case, head, subject


def _b(label: bytes, octets: bytes) -> bytes:
    return b"=?" + label + b"?B?" + base64.b64encode(octets) + b"?="


CASES: list[Case] = [
    subject("base64 word", b"=?UTF-8?B?w6k=?=", "é"),
    subject("quoted word", b"=?utf-8?Q?a_b=C3=A9?=", "a bé"),
    subject("blank between words", b"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
    subject("fold between words", b"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"),
    subject("text between words", b"=?utf-8?Q?a?= and =?utf-8?Q?b?=", "a and b"),
    subject("character split between base64 words", b"=?UTF-8?B?ww==?= =?UTF-8?B?qQ==?=", "é"),
    subject("character split between quoted words", b"=?UTF-8?Q?=C3?= =?UTF-8?Q?=A9?=", "é"),
    subject("emoji split between words", b"=?UTF-8?B?8J+Y?=\r\n =?UTF-8?B?gA==?=", "😀"),
    subject("quantum split between words", b"=?UTF-8?B?w?= =?UTF-8?B?6k=?=", "é"),
    subject("latin-1", b"=?ISO-8859-1?Q?Keld_J=F8rn?=", "Keld Jørn"),
    subject("latin-1 that is windows-1252", b"=?iso-8859-1?Q?=80_100?=", "€ 100"),
    subject("iso-2022-jp", b"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語"),
    subject("gb18030 with four octets", _b(b"GB18030", "汉字\u3480".encode("gb18030")), "汉字\u3480"),
    subject("gb2312 that is gbk", _b(b"gb2312", "朱镕基".encode("gbk")), "朱镕基"),
    subject("big5", _b(b"Big5", "繁體".encode("big5")), "繁體"),
    subject("koi8-r", b"=?KOI8-R?B?8NLJ18XU?=", "Привет"),
    subject("windows-1251", b"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"),
    subject("shift_jis with a vendor's character", b"=?Shift_JIS?Q?=87=40?=", "①"),
    subject("euc-kr", _b(b"EUC-KR", "한국".encode("euc_kr")), "한국"),
    subject("ks_c_5601-1987 that is cp949", _b(b"ks_c_5601-1987", "뷁".encode("cp949")), "뷁"),
    subject("utf-7", b"=?UTF-7?Q?caf+AOk-?=", "café"),
    subject("utf-16 with a mark", b"=?utf-16?B?//5hAA==?=", "a"),
    subject("charset that does not exist", b"=?x-no-such?Q?abc=E9?=", "abcé"),
    subject("charset that is a codec of another kind", b"=?unicode_escape?Q?a\\u0041?=", "a\\u0041"),
    subject("encoding that does not exist", b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    subject("word that never closes", b"=?UTF-8?Q?caf=C3=A9", "café"),
    subject("blanks in a word", b"=?UTF-8?Q?two words=21?=", "two words!"),
    subject("word in quotes", b'"=?UTF-8?Q?caf=C3=A9?="', '"café"'),
    subject("word touching text", b"Re:=?UTF-8?Q?caf=C3=A9?=!", "Re:café!"),
    subject("word with a language", b"=?us-ascii*en?Q?hello?=", "hello"),
    subject("base64 without padding", b"=?UTF-8?B?w6k?=", "é"),
    subject("base64 with junk", b"=?UTF-8?B?w*6-k=?=", "é"),
    subject("lower-case hex", b"=?utf-8?q?=c3=a9?=", "é"),
    subject("bad escape", b"=?utf-8?Q?100=%?=", "100=%"),
    subject("decoded once only", b"=?UTF-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=", "=?utf-8?Q?x?="),
    subject("encoded NUL", b"=?UTF-8?Q?a=00b?=", "ab"),
    subject("encoded line break", b"=?UTF-8?Q?a=0D=0AX-Injected:_1?=", "aX-Injected: 1"),
    subject("encoded escape sequence", b"=?UTF-8?Q?a=1B[31mb?=", "a[31mb"),
    subject("octets that are no utf-8", b"=?UTF-8?Q?a=FFb?=", "a\ufffdb"),
    subject("surrogates in utf-8", b"=?UTF-8?Q?a=ED=A0=80b?=", "a\ufffd\ufffd\ufffdb"),
    subject("right-to-left override", b"=?UTF-8?Q?=E2=80=AEgpj.exe?=", "\u202egpj.exe"),
    subject("hebrew with marks", _b(b"utf-8", "\u200fשלום\u200f".encode()), "\u200fשלום\u200f"),
    subject("emoji family", _b(b"utf-8", "👨‍👩‍👧".encode()), "👨‍👩‍👧"),
    subject("decomposed", b"=?UTF-8?Q?e=CC=81?=", "é"),
    subject("raw utf-8", "Grüße 日本".encode(), "Grüße 日本"),
    subject("raw latin-1", b"Gr\xfc\xdfe", "Grüße"),
    subject("raw iso-2022-jp", b"\x1b$BF|K\\8l\x1b(B", "日本語"),
    subject("raw utf-8 beside a word", "ü =?utf-8?Q?=C3=B6?=".encode(), "ü ö"),
    subject("folded", b"one\r\n two\r\n\tthree", "one two three"),
    subject("folded in odd places", b"\r\n  one\r\n \r\n two", "one two"),
    subject("tabs and blanks", b"a\t\tb   c  ", "a b c"),
    subject("long but fine", b"x" * 900, "x" * 900),
    head("long beyond reason", b"Subject: " + b"x " * 20_000, subject="x " * 8191 + "x"),
    head("combining marks without end", b"Subject: " + "e\u0301".encode() + "\u0300".encode() * 5000,
         subject="e\u0301" + "\u0300" * 5000),
    subject("hundred words", b"\r\n ".join([b"=?utf-8?Q?=C3=A9?="] * 100), "é" * 100),
    head("empty", b"Subject:", subject=""),
    head("blank", b"Subject:   ", subject=""),
    head("none", b"X-Other: 1", subject=None),
]  # fmt: skip
