"""Providers whose settings do not change and whose domains do: told by where a domain's mail goes."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.accounts.candidate import Candidate, MailPorts, OAuthHint, Protocol, SafeTls


class Preset(Struct, frozen=True):
    """``exchangers``: what the names of its mail exchangers end with."""

    name: str
    exchangers: tuple[str, ...]
    imap: str
    smtp: str
    oauth: OAuthHint

    def candidates(self, username: str, ports: MailPorts) -> tuple[Candidate, ...]:
        """Its servers, which are known by name and so need nobody's confirmation."""
        places: tuple[tuple[Protocol, str, int, SafeTls], ...] = (
            ("imap", self.imap, ports.imaps, "implicit"),
            ("smtp", self.smtp, ports.submission, "starttls"),
        )
        return tuple(
            Candidate(
                source="exchanger", protocol=kind, host=host, port=port, tls=tls, username=username, oauth=self.oauth
            )
            for kind, host, port, tls in places
        )


GOOGLE: Final = Preset(
    "google",
    (".google.com", ".googlemail.com"),
    "imap.gmail.com",
    "smtp.gmail.com",
    OAuthHint(
        issuer="https://accounts.google.com",
        scope="https://mail.google.com/",
        auth_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - a URL
    ),
)
MICROSOFT: Final = Preset(
    "microsoft",
    (".mail.protection.outlook.com", ".olc.protection.outlook.com", ".mx.microsoft"),
    "outlook.office365.com",
    "smtp.office365.com",
    OAuthHint(
        issuer="https://login.microsoftonline.com/common/v2.0",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        auth_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 - a URL
    ),
)
PRESETS: Final = (GOOGLE, MICROSOFT)


def preset_of(exchangers: list[str]) -> Preset | None:
    """The one that the preferred exchanger belongs to."""
    if not exchangers:
        return None
    return next((each for each in PRESETS if exchangers[0].endswith(each.exchangers)), None)
