"""From an address to an engine, and clear words for what is none."""

from pathlib import Path

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.kafka import KafkaLog, KafkaSettings
from eventlog.url import open_log


async def test_sqlite_relative_and_absolute() -> None:
    relative, absolute = open_log("sqlite:///./var/x.db"), open_log("sqlite:////var/lib/x.db")
    assert isinstance(relative, EmbeddedLog)
    assert isinstance(absolute, EmbeddedLog)
    assert relative._path == Path("var/x.db")
    assert absolute._path == Path("/var/lib/x.db")


async def test_sqlite_as_a_database_of_a_consumer_is_written() -> None:
    log = open_log("sqlite+aiosqlite:////var/lib/x.db")
    assert isinstance(log, EmbeddedLog)
    assert log._path == Path("/var/lib/x.db")


@pytest.mark.parametrize("brokers", ["127.0.0.1:9092", "kafka-0.kafka:9092,kafka-1.kafka:9092", "[::1]:9092"])
async def test_kafka(brokers: str) -> None:
    log = open_log(f"kafka://{brokers}", kafka=KafkaSettings(client_id="gw-1"))
    assert isinstance(log, KafkaLog)
    assert log._bootstrap == brokers


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "sqlite://x.db",
        "sqlite:///",
        "kafka://",
        "kafka://host",
        "kafka://a:1,",
        "kafka://u:p@h:1",
        "redis://h",
    ],
)
async def test_anything_else_says_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///relative/path\.db.*kafka://host:port"):
        open_log(url)


def test_settings_do_not_show_the_password() -> None:
    settings = KafkaSettings(security_protocol="SASL_PLAINTEXT", username="gw", password="hunter2")
    assert "hunter2" not in repr(settings)
    assert settings.connection("h:1")["sasl_plain_password"] == "hunter2"
