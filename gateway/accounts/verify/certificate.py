"""A server's certificate in words: for whom, by whom, until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID
from msgspec import Struct

SOON: Final = 14  # days: an automatic renewal would have happened by now
NAMES_SHOWN: Final = 5


class Certificate(Struct, frozen=True):
    """``names``: DNS names and addresses that it is for. ``protocol``: the version of TLS that was agreed on."""

    names: tuple[str, ...]
    issuer: str
    self_issued: bool
    begins: datetime
    ends: datetime
    protocol: str

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has ended."""
        return (self.ends - now).days

    def covers(self, domain: str) -> bool:
        """Whether it is for this very domain."""
        return domain in self.names

    def describe(self, now: datetime) -> str:
        days = self.days_left(now)
        ends = self.ends.date().isoformat()
        when = f"ended on {ends}, {-days} days ago" if days < 0 else f"ends on {ends}, in {days} days"
        names = ", ".join(self.names[:NAMES_SHOWN]) or "no name"
        return f"{self.protocol}; certificate for {names}; by {self.issuer}; {when}"


def read_certificate(der: bytes, protocol: str) -> Certificate | None:
    """None for what is no certificate that could be read."""
    try:
        found = x509.load_der_x509_certificate(der)
        issuer, subject = found.issuer, found.subject
        return Certificate(
            _names(found),
            _shown(issuer),
            issuer == subject,
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            protocol,
        )
    except (ValueError, x509.UnsupportedGeneralNameType, x509.DuplicateExtension):
        return None


def now() -> datetime:
    return datetime.now(UTC)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = found.get_values_for_type(x509.DNSName)
    return (*(_clean(name) for name in names), *(str(each) for each in found.get_values_for_type(x509.IPAddress)))


def _shown(name: x509.Name) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        values = name.get_attributes_for_oid(kind)
        if values:
            return _clean(str(values[0].value))
    return "an unnamed authority"


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:120]
