"""Alembic's entry: the connection is given by ``gateway.accounts.database``, which holds the transaction too."""

from __future__ import annotations

from alembic import context

from gateway.accounts.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
