"""The API is what its document says: judged by the official schema, and by schemathesis on the running API."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from contract import openapi
from contract.commands import Command
from contract.vocabulary import COMMANDS
from gateway import admission
from tests.gateway.api.conftest import Answering, Backend, held, say, serving
from tests.support.memory_log import MemoryLog

DOCUMENT = openapi.document("0.0.0")
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SECONDS = 40
TOKEN = "correct-horse-battery"


def body_schema() -> jsonschema_rs.Validator:
    """What may be posted, as the document has it."""
    reference = {"$ref": "#/components/schemas/CommandBody", "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(reference, validate_formats=True)


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)
def test_every_command_has_its_form(kind: type[Command]) -> None:
    forms = DOCUMENT["components"]["schemas"]["CommandBody"]["oneOf"]
    (form,) = [form for form in forms if form["title"] == kind.NAME]
    assert form["description"].endswith(f"OCPP {', '.join(kind.VERSIONS)}.")
    schema = DOCUMENT["components"]["schemas"][form["properties"]["arguments"]["$ref"].rsplit("/", 1)[1]]
    assert schema["additionalProperties"] is False
    assert ("arguments" in form["required"]) == bool(schema.get("required"))


def test_it_is_a_document_of_openapi() -> None:
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(DOCUMENT)


def test_a_station_may_be_named_that_may_connect() -> None:
    said = re.compile(openapi.STATION_ID)
    for character in map(chr, range(256)):
        assert bool(said.fullmatch(character)) == bool(admission.STATION_ID.fullmatch(character))
    for length in (0, 1, 48, 49):
        assert bool(said.fullmatch("x" * length)) == bool(admission.STATION_ID.fullmatch("x" * length))


def test_every_schema_is_one_and_every_reference_leads_to_one() -> None:
    names = DOCUMENT["components"]["schemas"]
    for schema in names.values():
        assert jsonschema_rs.meta.is_valid(schema)
    text = json.dumps(DOCUMENT)
    for part in text.split('"$ref": "#/components/')[1:]:
        kind, name = part.partition('"')[0].split("/")
        assert name in DOCUMENT["components"][kind]


def test_the_examples_are_what_may_be_posted() -> None:
    content = DOCUMENT["paths"]["/v1/stations/{station}/commands"]["post"]["requestBody"]["content"]
    for example in content["application/json"]["examples"].values():
        body_schema().validate(example["value"])


@pytest.mark.parametrize(
    "body",
    [
        {"command": "station.reset", "arguments": {"typ": "OnIdle"}},
        {"command": "station.reset", "argument": {}},
        {"command": "connector.unlock"},
        {"command": "connector.unlock", "arguments": {"evse": {"id": "1"}}},
        {"command": "nothing"},
        {"action": "Reset", "payload": {}},
    ],
)
def test_what_is_no_command_may_not_be_posted(body: object) -> None:
    assert not body_schema().is_valid(body)


async def test_it_is_served(backend: Backend) -> None:
    served = (await backend.get("/v1/openapi.json")).json
    version = served["info"].pop("version")
    assert version
    assert served == json.loads(json.dumps(DOCUMENT)) | {
        "info": {key: said for key, said in DOCUMENT["info"].items() if key != "version"}
    }
    served_routes = {resource.canonical for resource in backend.api.application.router.resources()}
    assert served_routes == set(DOCUMENT["paths"])


@pytest.mark.timeout(180)
async def test_schemathesis_finds_nothing(
    answers: Answering, log: MemoryLog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(False)  # thousands of requests
    await say(log, "CP-1", held())
    async with serving(log, token=TOKEN) as backend:
        judge = await asyncio.create_subprocess_exec(
            SCHEMATHESIS,
            *("run", f"{backend.url}/v1/openapi.json", "--url", backend.url),
            *("--header", f"Authorization: Bearer {TOKEN}"),
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
    assert len(answers.seen) > 20
