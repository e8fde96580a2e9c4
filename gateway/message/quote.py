"""Where a plain text stops being its writer's own words: quoted replies and signatures, for clients that fold them.

Nothing marks them for certain; what is looked for is what mail programs write: ``>`` at the beginning of lines, the
line that tells who wrote what follows, Outlook's separator and header block, and ``-- `` (RFC 3676 section 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

Kind = Literal["text", "quote", "signature"]

MAX_LINES: Final = 20_000
"""Lines that are looked at; what comes after is of the kind of the last one."""
_LOOK: Final = 400  # characters of a line
_SPREAD: Final = 3  # lines over which a mail program may break the line that tells who wrote
_HEADERS: Final = 7  # lines in which a header block shows itself
_SHORT: Final = 15  # lines of a signature whose delimiter lost its blank

_OPENS: Final = re.compile(
    r"(?:(?:on|in|am|le|el|il|em|op|den|dne|dnia|dňa|la|vào|pada|kl|в|у|по)\b|\w{2,10}\.?, |[0-9０-９<\"“„*])",
    re.IGNORECASE,
)
_WROTE: Final = re.compile(
    r"\b(?:wrote|writes|schrieb|schreibt|a écrit|écrivait|escribió|ha scritto|scrive|escreveu|schreef|skrev|skriver"
    r"|skrifaði|kirjoitti|napisał|napisała|napsala?|napísala?|írta|scris|писала?|написала?|пише|yazdı|έγραψε|đã viết"
    r"|menulis)\b|写道|寫道|书写|のメッセージ|書きました|님이 작성",
    re.IGNORECASE,
)
_MOMENT: Final = re.compile(r"(?:19|20)[0-9]{2}|[0-9]{1,2}[:.][0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}|@")
_EXACTLY: Final = re.compile(r"[0-9]{1,2}[:.h][0-9]{2}|@")
_SEPARATOR: Final = re.compile(r"[-_=]{2,}+ ?([^-_=]{3,60}+)[-_=]{2,}+")
_SEPARATED: Final = frozenset(
    (
        "original message", "forwarded message", "original mail", "original appointment", "reply message",
        "ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht", "original-nachricht",
        "message d'origine", "message d’origine", "message original", "message transféré", "mensaje original",
        "mensaje reenviado", "messaggio originale", "messaggio inoltrato", "mensagem original", "mensagem encaminhada",
        "oorspronkelijk bericht", "doorgestuurd bericht", "oprindelig meddelelse", "ursprungligt meddelande",
        "opprinnelig melding", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość",
        "původní zpráva", "pôvodná správa", "eredeti üzenet", "orijinal mesaj", "исходное сообщение",
        "оригинальное сообщение", "пересылаемое сообщение", "αρχικό μήνυμα", "原始邮件", "原始郵件", "转发邮件",
        "元のメッセージ", "원본 메시지",
    )
)  # fmt: skip
_FORWARDS: Final = frozenset(
    (
        "begin forwarded message:", "anfang der weitergeleiteten nachricht:", "début du message réexpédié :",
        "début du message transféré :", "inicio del mensaje reenviado:", "inizio messaggio inoltrato:",
        "início da mensagem encaminhada:", "begin doorgestuurd bericht:",
    )
)  # fmt: skip
_NAMES: Final[dict[str, int]] = {
    name: kind
    for kind, names in enumerate(
        (
            "from/von/de/da/van/från/fra/od/lähettäjä/от/від/发件人/寄件者/差出人/보낸 사람/kimden/feladó/expéditeur"
            "/mittente/remitente",
            "sent/date/gesendet/datum/envoyé/envoyé le/enviado/enviado el/enviado em/fecha/data/inviato/verzonden"
            "/skickat/sendt/dato/wysłano/odesláno/отправлено/дата/发送时间/日期/日時/送信日時/보낸 날짜/lähetetty"
            "/gönderilen/tarih/elküldve/dátum/päivämäärä",
            "to/an/à/para/a/aan/till/til/do/komu/кому/收件人/宛先/받는 사람/kime/vastaanottaja/címzett",
            "subject/betreff/objet/asunto/oggetto/assunto/onderwerp/ämne/emne/temat/předmět/тема/主题/主旨/件名/제목"
            "/konu/aihe/tárgy",
        )
    )
    for name in names.split("/")
}
_HEADER: Final = re.compile(r"[*\s]{0,3}+([^:：*\n]{1,16}+)\*?+\s?+[:：]")
_RULE: Final = re.compile(r"[-_=*]{3,}+")
_SENT_FROM: Final = re.compile(
    r"(?:sent from (?:my |mail |outlook|yahoo|proton|the )|sent via |sent with |get outlook for "
    r"|von meinem .{1,40} gesendet"
    r"|gesendet (?:von|mit) |envoyé de(?:puis)? mon |envoyé à partir |enviado desde mi |enviado do meu |inviato da"
    r"|verzonden vanaf |verstuurd vanaf |skickat från |sendt fra |lähetetty |wysłane z |odesláno z |отправлено с "
    r"|iphoneから送信|发自我的|從我的)",
    re.IGNORECASE,
)


class Segment(NamedTuple):
    """``start`` and ``length`` count Unicode code points; segments adjoin, and together are the whole text."""

    kind: Kind
    start: int
    length: int


def segments(text: str) -> list[Segment]:
    """The text's segments, in order; none for an empty text. Linear, never raises."""
    lines = text.split("\n", MAX_LINES)
    kinds = _Marker([line[:_LOOK].strip() for line in lines], lines).kinds()
    found: list[Segment] = []
    start, last = 0, len(lines) - 1
    for kind, group in groupby(enumerate(lines), key=lambda numbered: kinds[numbered[0]]):
        length = sum(len(line) + (number < last) for number, line in group)
        if length:
            found.append(Segment(kind, start, length))
        start += length
    return found


class _Marker:
    """``lines`` are stripped and cut to what is looked at; ``written`` as they are."""

    def __init__(self, lines: Sequence[str], written: Sequence[str]) -> None:
        self._lines, self._written = lines, written
        self._headers = [_header(line) for line in lines]
        self._kinds: list[Kind | None] = [None if not line else "text" for line in lines]

    def kinds(self) -> list[Kind]:
        """One for each line."""
        end = self._quotes()
        self._signatures(end)
        self._kinds[end:] = ["quote"] * (len(self._kinds) - end)
        return self._filled()

    def _quotes(self) -> int:
        """Marks quoted lines and who wrote them; the line from which on all is quoted."""
        for number, line in enumerate(self._lines):
            if not line:
                continue
            if line[0] == ">":
                self._kinds[number] = "quote"
            elif self._separates(number) or self._heads(number):
                return self._with_rule(number)
            elif line[-1] in ":：":
                first = self._attribution(number)
                if first is None:
                    continue
                if self._quote_follows(number):
                    self._kinds[first : number + 1] = ["quote"] * (number + 1 - first)
                elif self._tells(first, number):
                    return first
        return len(self._lines)

    def _separates(self, number: int) -> bool:
        line = self._lines[number]
        if line[0] not in "-_=":
            return line[-1] == ":" and line.lower() in _FORWARDS
        found = _SEPARATOR.fullmatch(line)
        return found is not None and (found[1].strip().lower() in _SEPARATED or self._block(number + 1, number + 4))

    def _heads(self, number: int) -> bool:
        """A block of From, Sent, To and Subject begins here, in whatever language and order."""
        return self._headers[number] is not None and self._block(number, number + _HEADERS)

    def _block(self, first: int, stop: int) -> bool:
        """Whether there is a header block, of which From and an address or a subject are a part."""
        kinds = set(self._headers[first:stop]) - {None}
        if stop - first < _HEADERS:  # a separator stands above
            return len(kinds) >= 2
        if 0 not in kinds or len(kinds) < 3:
            return False
        return 3 in kinds or any("@" in line for line in self._lines[first:stop])

    def _with_rule(self, number: int) -> int:
        """From the rule above, if there is one."""
        above = number - 1
        while above >= 0 and not self._lines[above] and number - above < _SPREAD:
            above -= 1
        return above if above >= 0 and _RULE.fullmatch(self._lines[above]) else number

    def _attribution(self, last: int) -> int | None:
        """The first line of "On ..., ... wrote:" that ends at ``last``."""
        for first in range(last, max(-1, last - _SPREAD), -1):
            line = self._lines[first]
            if not line or line[0] == ">":
                break
            if _OPENS.match(line) and _MOMENT.search(self._joined(first, last)):
                return first
        return last if _WROTE.search(self._lines[last]) else None

    def _tells(self, first: int, last: int) -> bool:
        """Whether it says so clearly that what follows is quoted without being marked."""
        joined = self._joined(first, last)
        return bool(_WROTE.search(joined) and _OPENS.match(joined) and _EXACTLY.search(joined))

    def _joined(self, first: int, last: int) -> str:
        return " ".join(self._lines[first : last + 1])

    def _quote_follows(self, number: int) -> bool:
        following = next((line for line in self._lines[number + 1 : number + 1 + _SPREAD] if line), "")
        return following.startswith(">")

    def _signatures(self, end: int) -> None:
        """What a delimiter, or a telephone's advertisement, begins; up to a quote."""
        stops = list(range(end))  # of each line: where the next quote begins
        stop = end
        for number in range(end - 1, -1, -1):
            stop = number if self._kinds[number] == "quote" else stop
            stops[number] = stop
        number = 0
        while number < end:
            stop = stops[number]
            if self._kinds[number] == "text" and self._may_sign(number) and self._signs(number, stop):
                self._kinds[number:stop] = ["signature"] * (stop - number)
                number = stop
            else:
                number += 1

    def _may_sign(self, number: int) -> bool:
        line = self._lines[number]
        return line in ("--", "—") or _SENT_FROM.match(line) is not None

    def _signs(self, number: int, stop: int) -> bool:
        if self._written[number].rstrip("\r") == "-- ":
            return True
        short = _SHORT if self._lines[number] in ("--", "—") else 2
        return stop - number <= 2 * short and sum(map(bool, self._lines[number:stop])) <= short

    def _filled(self) -> list[Kind]:
        """Blank lines go with what stands before them; those before the first line with it."""
        filled: list[Kind] = []
        held: Kind = next((kind for kind in self._kinds if kind is not None), "text")
        for kind in self._kinds:
            held = kind or held
            filled.append(held)
        return filled


def _header(line: str) -> int | None:
    """0 for From, 1 for Sent or Date, 2 for To, 3 for Subject, in any of the languages."""
    found = _HEADER.match(line) if ":" in line or "：" in line else None
    return None if found is None else _NAMES.get(found[1].strip().lower())
