"""What a person can do about each way in which a step fails, by the code that is told with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no-such-host": "Check the spelling of the host name; the mail provider's help pages have the right one.",
        "dns-failed": "The name's DNS servers are out of order: try again later, or ask who runs the domain.",
        "dns-timeout": (
            "The DNS does not answer: try again; if it stays so, the gateway's own DNS has to be looked at."
        ),
        "host-refused": (
            "Name the public host of the mail server. For one inside a private network the operator of the "
            "gateway has to allow it (accounts.allowed_hosts, allowed_networks or ports)."
        ),
        "port-refused": (
            "Nothing listens there: is the port right (993 for IMAP, 465 or 587 for sending), the server up?"
        ),
        "unreachable": "There is no way to that address from here: is the server up, and its network?",
        "connect-timeout": (
            "Something in between swallows it, such as a firewall; or the port is not open to the internet."
        ),
        "not-tls": (
            "What answers there does not speak TLS: use the port for TLS (993, or 465 for sending), or STARTTLS."
        ),
        "starttls-missing": (
            "The server offers no STARTTLS: use TLS from the beginning (port 993, or 465 for sending)."
        ),
        "tls-closed": (
            "The server ended the connection in the middle of TLS: is the port right, and its TLS in order?"
        ),
        "tls-failed": "TLS could not be agreed on: the server may know old versions of it only (TLS 1.2 is needed).",
        "certificate-expired": "The server's certificate has ended: its operator has to renew it.",
        "certificate-not-yet-valid": "The certificate is not valid yet: is the clock right, there and here?",
        "certificate-wrong-name": "The certificate is for another name: use a host name that it is for.",
        "certificate-self-signed": (
            "The server vouches for itself: it needs a certificate of a known authority; where this one is meant "
            "to be trusted, the operator of the gateway sets ca_file."
        ),
        "certificate-untrusted": (
            "The authority is not known here, or the server leaves out a certificate in between: its operator has "
            "to send the whole chain; for an authority of one's own the operator of the gateway sets ca_file "
            "(imap.ca_file for a provider)."
        ),
        "certificate-invalid": "The certificate is not acceptable: the server's operator has to replace it.",
        "greeting-timeout": (
            "It is connected, but the server says nothing: is it the port of another service, or of TLS from the "
            "beginning? It may be overloaded, too."
        ),
        "not-a-mail-server": "Something else answers there: are host and port those of the mail server?",
        "turned-away": (
            "The server ends connections from here: too many of them, or a block; try again in some minutes."
        ),
        "throttled": (
            "The server is busy or limits sign-ins: wait some minutes, and close mail programs that are not used."
        ),
        "wrong-credentials": (
            "Check user name and password. Where two-step verification is on, most providers want an app password "
            "made for this, and some need IMAP to be switched on in their settings."
        ),
        "credentials-expired": "The password has ended: set a new one at the provider.",
        "token-refused": (
            "The server does not take this access token: sign in at the provider again, and check that the token "
            "is for mail (its scope and audience)."
        ),
        "no-mechanism": (
            "The server offers no way to sign in with what was given: some take no passwords, but OAuth only."
        ),
        "contact-admin": "The provider blocks the sign-in: look for a message of theirs, or ask their support.",
        "connection-lost": (
            "The server ended the connection in the middle: try again; if it stays so, ask its operator."
        ),
        "malformed": "The server's answer can't be understood: its operator, or a box in between, has to be asked.",
        "timeout": "The server takes too long: try again later.",
        "overtime": "All steps together took too long: try again later, or verify the slow step by itself.",
        "no-mailbox": (
            "The account has no inbox that could be opened: has it been set up? Sign in at the provider once."
        ),
        "not-permitted": "The server does not permit it: is IMAP switched on for this account?",
        "no-account": "No provider of the configuration serves this account: look at providers and their domains.",
        "refused": "The server refuses: what it says is in the detail.",
    }
)
