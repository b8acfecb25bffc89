"""The two databases: a test that takes `address` or `database` runs on each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consumers.runtime.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'var' / 'test.db'}"
    return str(request.getfixturevalue("postgres").new())


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = Database(address)
    await opened.open()
    yield opened
    await opened.close()
