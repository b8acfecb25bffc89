"""A consumer's database takes the forms of the event log's address, and those of SQLAlchemy."""

import pytest

from consumers.runtime.settings import with_driver


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("sqlite:///./var/x.db", "sqlite+aiosqlite:///./var/x.db"),
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
    ],
)
def test_a_form(given: str, taken: str) -> None:
    assert with_driver(given) == taken


@pytest.mark.parametrize("given", ["", "x.db", "sqlite:///", "sqlite://x", "postgresql://", "mysql://h/d"])
def test_what_is_no_address_is_refused_with_the_forms(given: str) -> None:
    with pytest.raises(ValueError, match="write sqlite:///"):
        with_driver(given)
