"""The pool of IMAP sessions."""

from __future__ import annotations

from gateway.imap.session import Session
from gateway.pool.lender import Lender


class Pool(Lender[Session]):
    """Leases of :class:`gateway.imap.session.Session`; see :class:`gateway.pool.lender.Lender`."""
