"""MIME trees: what belongs where, boundaries in every broken state, bombs."""

from __future__ import annotations

from tests.corpus.case import EOL, Case, Holds, mail, multi, part, parts, single

TEXT = part(b"Type: text/plain; charset=utf-8", b"text")
HTML = part(b"Type: text/html; charset=utf-8", b"<p>html</p>")
FILE = part(b"Type: application/pdf|Disposition: attachment; filename=a.pdf|Transfer-Encoding: base64", b"JVBERi0=")
PNG = part(b"Type: image/png|ID: <pic@x>|Transfer-Encoding: base64", b"iVBORw0KGgo=")
MIXED = b"multipart/mixed; boundary=b"
ALTERNATIVE = b"multipart/alternative; boundary=b"


def inner(kind: bytes, *inside: bytes, boundary: bytes = b"c") -> bytes:
    """A multipart as a part of boundary b."""
    renamed = [each.replace(b"--b\r\n", b"--" + boundary + b"\r\n", 1) for each in inside]
    return part(b"Type: multipart/" + kind + b"; boundary=" + boundary, parts(*renamed, boundary=boundary))


def message(*lines: bytes, body: bytes = b"inside\r\n") -> bytes:
    return part(b"Type: message/rfc822", mail(*lines, body=body))


def deep(levels: int) -> bytes:
    opened = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(levels)
    )
    return opened + b"--b%d\r\nContent-Type: text/plain\r\n\r\ndeep\r\n" % levels


PDF = ("a.pdf", "application/pdf")
PLAIN: dict[str, object] = {"text": "text", "html": None, "attachments": [], "hasAttachment": False}

GOOD: list[Case] = [
    multi("alternative", ALTERNATIVE, parts(TEXT, HTML), text="text", html="<p>html</p>", attachments=[],
          hasAttachment=False),
    multi("alternative the wrong way round", ALTERNATIVE, parts(HTML, TEXT), text="text", html="<p>html</p>"),
    multi("alternative of html alone", ALTERNATIVE, parts(HTML), text="html", html="<p>html</p>"),
    multi("alternative of text alone", ALTERNATIVE, parts(TEXT), **PLAIN),
    multi("mixed", MIXED, parts(TEXT, FILE), text="text", html=None, attachments=[PDF], hasAttachment=True,
          parts={"2": b"%PDF-"}),
    multi("two texts", MIXED, parts(TEXT, TEXT), text="text\ntext", attachments=[], hasAttachment=False),
    multi("text, picture, text", MIXED, parts(TEXT, PNG, TEXT), text="text\ntext", attachments=[]),
    multi("html and text as one", MIXED, parts(HTML, TEXT), text="html\ntext",
          html=Holds(("<p>html</p>", "text</div>"))),
    multi("related with a picture", b"multipart/related; boundary=b",
          parts(part(b"Type: text/html", b"<img src='cid:pic@x'>"), PNG),
          html=Holds(("<img src=", "/parts/2"), ("cid:",)), attachments=[(None, "image/png")], hasAttachment=False),
    multi("related with a picture that is missing", b"multipart/related; boundary=b",
          parts(part(b"Type: text/html", b"<img alt=gone src='cid:nothing@x'>"), PNG),
          html='<img alt="gone">', bodyProblems=["cid-unknown"]),
    multi("alternative in related in mixed", MIXED,
          parts(part(b"Type: multipart/related; boundary=c",
                     parts(part(b"Type: multipart/alternative; boundary=d",
                                parts(TEXT.replace(b"--b", b"--d"), HTML.replace(b"--b", b"--d"), boundary=b"d"), b"c"),
                           PNG.replace(b"--b", b"--c"), boundary=b"c")), FILE),
          text="text", html="<p>html</p>", attachments=[(None, "image/png"), PDF], hasAttachment=True),
    multi("invitation", ALTERNATIVE, parts(TEXT, part(b"Type: text/calendar; method=REQUEST", b"BEGIN:VCALENDAR")),
          text="text", attachments=[(None, "text/calendar")], hasAttachment=False),
    multi("delivery report", b"multipart/report; report-type=delivery-status; boundary=b",
          parts(TEXT, part(b"Type: message/delivery-status",
          b"Reporting-MTA: dns; x.example\r\n\r\nAction: failed\r\n"),
                part(b"Type: text/rfc822-headers", b"Subject: lost\r\n")),
          text="text", attachments=[(None, "message/delivery-status"), (None, "text/rfc822-headers")],
          hasAttachment=False),
    multi("disposition notice", b"multipart/report; report-type=disposition-notification; boundary=b",
          parts(TEXT, part(b"Type: message/disposition-notification", b"Disposition: manual-action\r\n")),
          text="text", attachments=[(None, "message/disposition-notification")], hasAttachment=False),
    multi("signed by pgp", b"multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b",
          parts(TEXT, part(b"Type: application/pgp-signature; name=signature.asc", b"-----BEGIN PGP SIGNATURE-----")),
          text="text", attachments=[("signature.asc", "application/pgp-signature")], hasAttachment=False),
    multi("signed by s/mime", b"multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b",
          parts(TEXT, part(b"Type: application/pkcs7-signature; name=smime.p7s|Transfer-Encoding: base64"
                           b"|Disposition: attachment; filename=smime.p7s", b"MIAG")),
          text="text", attachments=[("smime.p7s", "application/pkcs7-signature")], hasAttachment=False),
    multi("encrypted by pgp", b"multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
          parts(part(b"Type: application/pgp-encrypted", b"Version: 1"),
                part(b"Type: application/octet-stream; name=msg.asc", b"-----BEGIN PGP MESSAGE-----")),
          text=None, html=None, attachments=[(None, "application/pgp-encrypted"), ("msg.asc",
          "application/octet-stream")],
          hasAttachment=True),
    single("encrypted by s/mime", b"Type: application/pkcs7-mime; name=smime.p7m|Transfer-Encoding: base64",
        b"MIAG\r\n",
           text=None, attachments=[("smime.p7m", "application/pkcs7-mime")], hasAttachment=True,
           parts={"1": b"0\x80\x06"}),
    multi("winmail.dat", MIXED, parts(TEXT, part(b"Type: application/ms-tnef; name=winmail.dat"
                                                 b"|Transfer-Encoding: base64", b"eJ8+Ig==")),
          text="text", attachments=[("winmail.dat", "application/ms-tnef")], hasAttachment=True, bodyProblems=["tnef"],
          parts={"2": b"\x78\x9f\x3e\x22"}),
    multi("forwarded message", MIXED, parts(TEXT, message(b"Subject: inner")), text="text",
          attachments=[(None, "message/rfc822")], hasAttachment=True, subject="x"),
    multi("forwarded messages in one another", MIXED,
          parts(TEXT, part(b"Type: message/rfc822", mail(b"Subject: 1", b"Content-Type: message/rfc822",
                                                         body=mail(b"Subject: 2", b"Content-Type: message/rfc822",
                                                                   body=mail(b"Subject: 3"))))),
          text="text", attachments=[(None, "message/rfc822")]),
    multi("digest", b"multipart/digest; boundary=b", parts(part(b"", mail(b"Subject: 1")), part(b"",
        mail(b"Subject: 2"))),
          text=None, attachments=[(None, "message/rfc822")] * 2, hasAttachment=True),
    single("message as the whole", b"Type: message/rfc822", mail(b"Subject: inner"), text=None,
           attachments=[(None, "message/rfc822")], subject="x"),
    single("picture as the whole", b"Type: image/png|Transfer-Encoding: base64", b"iVBORw0KGgo=\r\n",
           attachments=[], parts={"1": b"\x89PNG\r\n\x1a\n"}),
    single("text as an attachment", b"Type: text/plain|Disposition: attachment; filename=a.txt", b"x\r\n",
           text=None, attachments=[("a.txt", "text/plain")], hasAttachment=True),
    single("text that is neither plain nor html", b"Type: text/enriched", b"<bold>x</bold>\r\n",
           text=None, attachments=[(None, "text/enriched")], hasAttachment=True),
    single("file as the whole", b"Type: application/zip; name=a.zip|Transfer-Encoding: base64", b"UEsDBA==\r\n",
           text=None, attachments=[("a.zip", "application/zip")], parts={"1": b"PK\x03\x04"}),
    multi("attached html", MIXED, parts(TEXT, part(b"Type: text/html|Disposition: attachment; filename=a.html",
        b"<p>x")),
          text="text", html=None, attachments=[("a.html", "text/html")], hasAttachment=True),
    multi("apple double", MIXED, parts(TEXT, inner(b"appledouble", part(b"Type: application/applefile", b"x"), FILE)),
          text="text", attachments=[(None, "application/applefile"), PDF], hasAttachment=True),
    multi("external body", MIXED, parts(TEXT,
        part(b"Type: message/external-body; access-type=URL; URL=\"http://x.example/\"",
                                                   b"Content-Type: image/png\r\n\r\n")),
          text="text", attachments=[(None, "message/external-body")]),
]  # fmt: skip

BOUNDARIES: list[Case] = [
    multi("boundary with blanks and marks", b"multipart/mixed; boundary=\"=_a b:c?d(e)/f'\"",
          parts(TEXT.replace(b"--b", b"--=_a b:c?d(e)/f'"), boundary=b"=_a b:c?d(e)/f'"), **PLAIN),
    multi("boundary folded away", b"multipart/mixed;\r\n boundary=\r\n b", parts(TEXT), **PLAIN),
    multi("boundary with blanks after it", MIXED, b"--b \t\r\n\r\ntext\r\n--b-- \r\n", **PLAIN),
    multi("preamble and epilogue", MIXED, b"not this\r\n" + parts(TEXT) + b"nor this\r\n", **PLAIN),
    multi("boundary that begins like another", b"multipart/mixed; boundary=b",
          parts(part(b"Type: multipart/mixed; boundary=bb", parts(TEXT.replace(b"--b", b"--bb"), boundary=b"bb")),
          FILE),
          text="text", attachments=[PDF]),
    multi("unterminated", MIXED, TEXT + FILE, text="text", attachments=[PDF], hasAttachment=True),
    multi("inner one unterminated", MIXED,
          part(b"Type: multipart/alternative; boundary=c", b"--c\r\n\r\ntext") + FILE + b"--b--\r\n",
          text="text", attachments=[PDF]),
    multi("boundary that never comes", MIXED, b"just text\r\n", attachments=[]),
    multi("boundary missing", b"multipart/mixed", b"just text\r\n", attachments=[]),
    multi("boundary empty", b'multipart/mixed; boundary=""', b"--\r\n\r\ntext\r\n----\r\n"),
    multi("boundary too long", b"multipart/mixed; boundary=" + b"b" * 200,
          parts(TEXT.replace(b"--b", b"--" + b"b" * 200), boundary=b"b" * 200)),
    multi("boundary twice", b"multipart/mixed; boundary=b; boundary=c", parts(TEXT)),
    multi("closed before anything", MIXED, b"--b--\r\n", attachments=[]),
    multi("no parts", MIXED, b"", attachments=[]),
    multi("nested with the same boundary", MIXED,
          part(b"Type: multipart/mixed; boundary=b", parts(TEXT)) + FILE + b"--b--\r\n"),
    multi("part without a header", MIXED, b"--b\r\n\r\ntext\r\n--b--\r\n", **PLAIN),
    multi("part without an empty line", MIXED, b"--b\r\ntext\r\n--b--\r\n"),
    multi("part that is empty", MIXED, parts(TEXT, b"--b\r\n\r\n\r\n"), attachments=[]),
    multi("multipart in base64", MIXED + b"\r\nContent-Transfer-Encoding: base64", parts(TEXT), **PLAIN),
    multi("multipart by another spelling", b"MULTIPART/Mixed; BOUNDARY=b", parts(TEXT, FILE), text="text",
          attachments=[PDF]),
    multi("multipart of an unknown kind", b"multipart/x-new; boundary=b", parts(TEXT, FILE), text="text",
          attachments=[PDF]),
    multi("deeply nested", b"multipart/mixed; boundary=b0", deep(40), text="deep\n"),
    multi("fifty deep", b"multipart/mixed; boundary=b0", deep(50), text="deep\n"),
    multi("a thousand deep", b"multipart/mixed; boundary=b0", deep(1000)),
    multi("a thousand wide", MIXED, parts(*[part(b"Type: text/plain", b"%d" % n) for n in range(1000)]),
          text="\n".join(str(n) for n in range(30)), attachments=[]),
    multi("a thousand attachments", MIXED,
          parts(TEXT, *[part(b"Disposition: attachment; filename=%d" % n, b"x") for n in range(999)]),
          text="text", attachments=[(str(n), "text/plain") for n in range(999)], hasAttachment=True),
    Case("messages a hundred deep", mail(b"Subject: x", b"Content-Type: message/rfc822",
                                         body=b"Content-Type: message/rfc822\r\n\r\n" * 100 + b"deep"),
                                         {"subject": "x"}),
]  # fmt: skip

TYPES: list[Case] = [
    single("type without a subtype", b"Type: text", b"x\r\n"),
    single("type with an empty subtype", b"Type: text/", b"x\r\n"),
    single("type of junk", b"Type: ;;;===", b"x\r\n"),
    single("type of two words", b"Type: text plain", b"x\r\n"),
    single("type empty", b"Type:", b"x\r\n"),
    single("type with a comment", b"Type: text/plain (really); charset=utf-8", "é\r\n".encode(), text="é\n"),
    single("type twice", b"Type: text/plain|Type: text/html", b"x\r\n"),
    single("parameter without a value", b"Type: text/plain; charset", b"x\r\n"),
    single("parameter twice", b"Type: text/plain; charset=utf-8; charset=us-ascii", "é\r\n".encode()),
    single("semicolons", b"Type: text/plain;; charset=utf-8;;", "é\r\n".encode(), text="é\n"),
    single("parameter with 8 bits", b"Type: text/plain; charset=utf-8; name=\xe9.txt", b"x\r\n"),
    single("parameters by the thousand", b"Type: text/plain" + b"".join(b";\r\n p%d=1" % n for n in range(1000)),
        b"x\r\n",
           text="x\n"),
    single("no mime version", b"Type: text/plain; charset=utf-8", "é\r\n".encode(), text="é\n"),
]  # fmt: skip

CASES = GOOD + BOUNDARIES + TYPES
__all__ = ["CASES", "EOL"]
