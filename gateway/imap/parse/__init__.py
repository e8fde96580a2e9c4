"""The grammar of responses: ``parse`` takes a frame and gives a ``Response``."""

from gateway.imap.parse.dispatch import parse as parse
