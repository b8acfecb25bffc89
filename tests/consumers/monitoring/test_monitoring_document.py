"""The API is what its document says: judged by the official schema, and by schemathesis on the running API."""

import asyncio
import json
import os
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from consumers.monitoring.api.document import ROUTES, document
from consumers.monitoring.api.examples import ANSWERS
from tests.consumers.monitoring.conftest import a_day, viewing

DOCUMENT = document("0.0.0")
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SECONDS = 40
TOKEN = "correct-horse-battery"


def test_it_is_a_document_of_openapi() -> None:
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(DOCUMENT)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_examples_are_answers(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(ANSWERS[name])


def test_every_reference_leads_somewhere() -> None:
    for part in json.dumps(DOCUMENT).split('"$ref": "#/components/')[1:]:
        kind, name = part.partition('"')[0].split("/")
        assert name in DOCUMENT["components"][kind]


async def test_it_is_served_and_names_every_route(tmp_path: Path) -> None:
    async with viewing(tmp_path) as viewer:
        served = (await viewer.get("/openapi.json")).json
        assert set(served["paths"]) == set(ROUTES)
        routes = {resource.canonical for resource in viewer.server.api.application.router.resources()}
        assert routes - {"/{path}"} == set(ROUTES)


@pytest.mark.timeout(240)
async def test_schemathesis_finds_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.get_running_loop().set_debug(False)  # thousands of requests
    async with viewing(tmp_path, monitoring_token=TOKEN) as viewer:
        await a_day(viewer.world)
        judge = await asyncio.create_subprocess_exec(
            SCHEMATHESIS,
            *("run", f"{viewer.url}/api/v1/openapi.json", "--url", viewer.url),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--exclude-path", "/api/v1/changes"),  # it never ends
            *("--max-time", str(SECONDS), "--max-examples", "20", "--seed", "20260301", "--no-color"),
            *("--generation-database", "none", "--warnings", "off"),
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await judge.communicate()
    assert judge.returncode == 0, output.decode()
    caplog.clear()  # aiohttp says of its own that a header with NUL in it was refused
