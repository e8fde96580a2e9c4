"""The tables of linked accounts. What changes here needs a migration (``gateway/accounts/migrations``)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

METADATA: Final = MetaData()

LINKED: Final = Table(
    "linked_accounts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("issuer", String(2048), nullable=False),
    Column("subject", String(1024), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("address", String(320), nullable=False),
    Column("username", String(320), nullable=False),
    Column("provider", String(32), nullable=True),
    Column("host", String(255), nullable=True),
    Column("port", Integer, nullable=True),
    Column("tls", String(16), nullable=True),
    Column("place", String(512), nullable=False),
    Column("label", String(200), nullable=True),
    Column("is_default", Boolean, nullable=False),
    Column("method", String(16), nullable=False),
    Column("state", String(32), nullable=False),
    Column("password", LargeBinary, nullable=True),
    Column("refresh_token", LargeBinary, nullable=True),
    Column("key_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("lease_holder", String(32), nullable=True),
    Column("lease_until", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    UniqueConstraint("owner", "place", "username", name="one_link_a_mailbox"),
)
"""One row a linked account. ``owner`` is a digest of issuer and subject, ``place`` says which server it is at."""

Index("linked_by_owner", LINKED.c.owner)
Index("linked_by_key", LINKED.c.key_id)

LINKING: Final = Table(
    "links_begun",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("return_to", String(2048), nullable=False),
    Column("address", String(320), nullable=True),
    Column("stage", String(16), nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""Links that were begun at a provider: known by the digest of what the browser carries."""

Index("links_begun_by_owner", LINKING.c.owner)
Index("links_begun_by_end", LINKING.c.expires_at)
