"""The Alembic scripts of the monitoring."""
