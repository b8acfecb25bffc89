"""The program finds its commands, says what it is, and imports no more than the command needs."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from cli.families import families
from cli.main import ABOUT
from tests.cli.conftest import Ran

HEAVY = {"aiohttp", "aiokafka", "pydantic", "jsonschema_rs", "ocpp", "structlog", "prometheus_client"}


def test_help_names_every_command(run: Ran) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in ABOUT)


def test_version(run: Ran) -> None:
    assert run("--version").stdout == f"ocpp-gateway {version('ocpp-gateway')}\n"


def test_an_unknown_command_is_a_usage_error_with_a_guess(run: Ran) -> None:
    done = run("tial")
    assert done.returncode == 2
    assert "tail" in done.stderr


@pytest.mark.parametrize("command", ABOUT)
def test_every_command_says_what_it_does(run: Ran, command: str) -> None:
    done = run(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert command in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["tail"], ["topics", "list"]])
def test_what_should_start_at_once_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from cli.main import program; program({arguments}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(loaded.split())


def test_settings_shows_what_is_in_force(run: Ran) -> None:
    done = run("settings", OCPP_PORT="9012", OCPP_KAFKA_PASSWORD="hush-hush")
    assert done.returncode == 0
    assert "OCPP_PORT=9012  (default 9000)" in done.stdout
    assert "OCPP_KAFKA_PASSWORD=********" in done.stdout
    assert "hush" not in done.stdout


def test_settings_as_json_has_every_one(run: Ran) -> None:
    rows = json.loads(run("settings", "--json").stdout)
    every = [name for family in families().values() for name in family.model_fields]
    assert [row["name"] for row in rows] == [f"OCPP_{name.upper()}" for name in dict.fromkeys(every)]
    assert all(row["meaning"].endswith(".") and row["allowed"] for row in rows)


def test_one_environment_serves_all_programs_and_a_typo_is_one_everywhere(run: Ran) -> None:
    done = run("settings", OCPP_MONITORING_INTERNAL_PORT="9202", OCPP_CONSUMER_BATCH_RECORDS="100")
    assert done.returncode == 0
    assert "OCPP_MONITORING_INTERNAL_PORT=9202  (default 9102)" in done.stdout
    for command in (["serve"], ["consume", "monitoring"]):
        told = run(*command, OCPP_MONITORING_DATABASE="oracle://", OCPP_CONSUMER_BATCH_RECORD="1")
        assert told.returncode == 2
        assert (
            "OCPP_CONSUMER_BATCH_RECORD: no such setting; did you mean OCPP_CONSUMER_BATCH_RECORDS?"
            in told.stderr
        )
        assert ("path.db or postgresql://" in told.stderr) == (command[0] == "consume")


def test_a_consumer_that_there_is_not(run: Ran) -> None:
    done = run("consume", "weather")
    assert done.returncode == 2
    assert "there is no consumer 'weather'" in done.stderr


@pytest.mark.parametrize("command", ["settings", "serve"])
def test_faults_of_the_environment_are_all_told_and_nothing_starts(run: Ran, command: str) -> None:
    done = run(command, OCPP_LOG_LEVEL="loud", OCPP_PROT="1", OCPP_KAFKA_SECURITY_PROTOCOL="SASL")
    assert done.returncode == 2
    assert "OCPP_LOG_LEVEL='loud': allowed: debug, info, warning, error" in done.stderr
    assert "OCPP_PROT: no such setting; did you mean OCPP_PORT?" in done.stderr
    assert "OCPP_KAFKA_SECURITY_PROTOCOL='SASL': allowed: PLAINTEXT" in done.stderr
    assert "Traceback" not in done.stderr
