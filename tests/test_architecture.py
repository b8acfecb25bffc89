"""The import law: who may know whom, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("benchmarks", "cli", "consumers", "contract", "eventlog", "gateway", "service", "simulator", "tests")

MAY_IMPORT = {
    "contract": {"contract"},
    "eventlog": {"eventlog", "contract"},
    "service": {"service", "contract"},
    "gateway": {"gateway", "contract", "eventlog", "service"},
    "consumers": {"consumers", "contract", "eventlog", "service"},
    "simulator": {"simulator", "service"},
    "cli": {"cli", "consumers", "contract", "eventlog", "gateway", "service", "simulator"},
}

PURE = ("contract", "gateway.ocpp", "gateway.translation", "gateway.admission", "consumers.charging")
IMPURE = {
    "asyncio",
    "time",
    "os",
    "logging",
    "random",
    "socket",
    "threading",
    "subprocess",
    "structlog",
    "aiohttp",
}

LAYERS = [
    {"gateway.ocpp"},
    {"gateway.translation"},
    {"gateway.session"},
    {"gateway.sessions"},
    {"gateway.server"},
    {"gateway.app"},
]
"""Of the gateway, each may know those before it."""

ONLY = {
    "aiokafka": {"eventlog.kafka"},
    "kafka": {"eventlog.kafka"},
    "sqlite3": {"eventlog.embedded"},
    "jsonschema_rs": {"gateway.ocpp.schemas"},
    "prometheus_client": {"service.metrics", "service.internal"},
    "sqlalchemy": {"consumers"},
    "alembic": {"consumers"},
}
"""Libraries that only one place of the program knows."""


def modules(*packages: str) -> Iterator[tuple[str, Path]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    """Every module that a file names, as far as it can be a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def within(module: str, packages: set[str] | tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


PROGRAM = [package for package in MAY_IMPORT if (ROOT / package).is_dir()]


@pytest.mark.parametrize("package", PROGRAM)
def test_a_package_knows_only_whom_it_may(package: str) -> None:
    for module, path in modules(package):
        known = {name.partition(".")[0] for name in imports(path)} & set(OURS)
        assert known <= MAY_IMPORT[package], module


def test_pure_packages_wait_for_nothing_and_ask_no_clock() -> None:
    seen = 0
    for module, path in modules("contract", "gateway", "consumers"):
        if within(module, PURE):
            seen += 1
            assert not {name.partition(".")[0] for name in imports(path)} & IMPURE, module
    assert seen > 20


def test_layers_of_the_gateway_look_downwards() -> None:
    for number, layer in enumerate(LAYERS):
        above = set().union(*LAYERS[number + 1 :]) if LAYERS[number + 1 :] else set()
        for module, path in modules("gateway"):
            if within(module, layer):
                up = {name for name in imports(path) if within(name, above)}
                assert not up, f"{module} knows {up}"


def test_consumers_know_what_they_share_and_not_each_other() -> None:
    for module, path in modules("consumers"):
        mine = ".".join(module.split(".")[:2])
        allowed = {"consumers.runtime", "consumers.charging"} if mine != "consumers" else set()
        if mine in allowed:  # what is shared knows the contract, and neither knows the other
            allowed = set()
        known = {name for name in imports(path) if within(name, {"consumers"}) and name != "consumers"}
        assert all(within(name, {mine, *allowed}) for name in known), f"{module} knows {known}"


def test_ocpp_knows_nothing_else_of_the_gateway() -> None:
    for module, path in modules("gateway"):
        if within(module, {"gateway.ocpp"}):
            assert all(within(name, {"gateway.ocpp"}) for name in imports(path) if within(name, {"gateway"}))


def test_sockets_are_served_in_three_places() -> None:
    """The station port and the internal port, which have their connections in common; the API is a part of the latter.

    And the monitoring's page, on a port of its own.
    """
    serving = {
        module
        for module, path in modules(*PROGRAM)
        if imports(path) & {"aiohttp.web", "aiohttp.web_protocol"}
    }
    assert {
        module for module in serving if not within(module, {"gateway.api", "consumers.monitoring.api"})
    } == {
        "gateway.server",
        "service.http",
        "service.internal",
        "service.parameters",
    }


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_known_in_its_place_only(library: str) -> None:
    for module, path in modules(*PROGRAM):
        if within(library, {name.partition(".")[0] for name in imports(path)}):
            assert within(module, ONLY[library]), f"{module} imports {library}"


def test_no_module_is_named_for_being_useful() -> None:
    for module, _ in modules(*PROGRAM):
        assert not {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"} & set(
            module.split(".")
        )


READS_OWN_VALUES = {
    "contract.records": "the reader itself",
    "contract.secrets": "reads what is about to be published, with exact numbers; hides what cannot be read",
    "contract.envelope": "decodes events for tests and documents; raises what its docstring says",
    "contract.cdrs": "reads billing's own records back from its database",
    "contract.alerts": "decodes alerts for tests and documents",
    "contract.alert_documents": "makes examples of documents",
    "contract.cdr_documents": "makes examples of documents",
    "contract.decision_documents": "makes examples of documents",
    "consumers.runtime.columns": "reads the consumer's own database",
    "consumers.monitoring.api.past": "reads the consumer's own database",
    "consumers.monitoring.api.showing": "reads the consumer's own database",
    "consumers.monitoring.api.listing": "reads a cursor of its own API",
    "consumers.alerting.rule_tests": "encodes and decodes an event that a user's file names",
    "cli.command": "reads a result that the gateway has encoded",
}
"""Modules that decode JSON themselves, and what it is. Records that others wrote are read by `contract.records`."""


def test_records_of_others_are_read_by_one_reader() -> None:
    decoding = {
        module
        for module, path in modules("contract", "eventlog", "gateway", "consumers", "cli")
        if "msgspec.json.decode(" in (text := path.read_text(encoding="utf-8"))
        or "msgspec.json.Decoder" in text
    }
    assert decoding == set(READS_OWN_VALUES)
