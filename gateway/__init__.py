"""imap-gateway: mail folders, messages, flags and live events over HTTP, for any IMAP server."""

__version__ = "0.1.0"
