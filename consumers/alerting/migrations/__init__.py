"""The Alembic scripts of the alerting."""
