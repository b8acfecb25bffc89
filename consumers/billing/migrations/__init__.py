"""Alembic scripts: how the tables of billing came to be."""
