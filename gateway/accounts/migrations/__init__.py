"""Migrations of the database of linked accounts, run by Alembic."""
