"""Linked accounts, and links that were begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "linked_accounts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("issuer", sa.String(2048), nullable=False),
        sa.Column("subject", sa.String(1024), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("username", sa.String(320), nullable=False),
        sa.Column("provider", sa.String(32), nullable=True),
        sa.Column("host", sa.String(255), nullable=True),
        sa.Column("port", sa.Integer, nullable=True),
        sa.Column("tls", sa.String(16), nullable=True),
        sa.Column("place", sa.String(512), nullable=False),
        sa.Column("label", sa.String(200), nullable=True),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("password", sa.LargeBinary, nullable=True),
        sa.Column("refresh_token", sa.LargeBinary, nullable=True),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("lease_holder", sa.String(32), nullable=True),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.UniqueConstraint("owner", "place", "username", name="one_link_a_mailbox"),
    )
    op.create_index("linked_by_owner", "linked_accounts", ["owner"])
    op.create_index("linked_by_key", "linked_accounts", ["key_id"])
    op.create_table(
        "links_begun",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("return_to", sa.String(2048), nullable=False),
        sa.Column("address", sa.String(320), nullable=True),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("secrets", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_index("links_begun_by_owner", "links_begun", ["owner"])
    op.create_index("links_begun_by_end", "links_begun", ["expires_at"])


def downgrade() -> None:
    op.drop_table("links_begun")
    op.drop_table("linked_accounts")
