"""The commands as a page for people: how to ask, what comes back, and every command with its fields."""

from collections.abc import Mapping

from contract.commands import ALL, Command
from contract.overview import anchor, fields, table, value_section
from contract.published import COMMANDS_FOLDER, REQUEST, Json, command_schema, request_schema
from contract.topics import COMMAND_RESULTS, COMMANDS
from contract.vocabulary import COMMANDS as ASKED

SaidAs = Mapping[str, Mapping[str, list[str]]]
"""The actions by which a command is said, by its name and OCPP version."""

_INTRODUCTION = f"""\
# Commands

<!-- Written by `make docs` from the package `contract`; change that, not this. -->

What stations can be asked, without a word of OCPP that you must know. Write a record to `{COMMANDS.name}`,
its **key the station's id**, its value this JSON:
"""

_RESULTS = f"""\
One record comes back on `{COMMAND_RESULTS.name}`, a [`command.completed`](events.md#commandcompleted) with the
`commandId`, whatever fails: without knowing which gateway holds the station, or which version it speaks.

| Status | Means |
| --- | --- |
| `accepted`, `rejected` | The station's answer. Of several variables or items, `accepted` says that all were. |
| `failed` | It answered with an error, or not understandably, or our side failed; `why` says which. |
| `timed_out` | It was sent, and no answer came (in time, or before the connection was lost): whether the station acted is unknown. |
| `expired` | The deadline came before it was sent. |
| `offline` | The station is not connected. |
| `unsupported` | The station's version, or the station, cannot do this; nothing was done. |
| `invalid` | The command breaks a schema; `why` has the place. Nothing was sent. |

- **`answer`** is what the station said, in the words of OCPP 2.x; `exchanges` are the messages themselves.
- **`loss`** names what the station's version has no room for: what was left out, cut or said in other words.
- A **transaction** is named by the id that its events carry, in all versions; one of another station is
  `rejected` with the reason `TxNotFound`, and the station is not asked.
- **Reports** (device model, logs, profiles, display messages) are accepted at once and come later as events, with
  the `requestId` that the answer names. It is made from the command's id where you give none; so is `remoteStartId`.
- A command with a **`payload`** is passed down: the payload is the request of an OCPP action, as the official
  schema of the station's version has it, and ids in it are the station's own. `answer.data` is the whole answer.
- An **action** of OCPP can be asked for directly, for a station of a known version: `action`, `payload`, `version`.
"""


def page(said_as: SaidAs, examples: Mapping[str, str], request: str) -> str:
    """The page in Markdown; `examples` are commands' arguments as JSON text, `request` is a record's value."""
    schemas = {name: command_schema(command) for name, command in ASKED.items()}
    record = request_schema()
    values: Json = dict(record.get("$defs", {}))
    for schema in schemas.values():
        values |= schema.get("$defs", {})
    return "\n".join(
        [
            _INTRODUCTION,
            f"```json\n{request}\n```\n",
            f"Schema: [{REQUEST}](schemas/{REQUEST}.json)\n",
            *fields(record),
            "## What comes back\n",
            _RESULTS,
            *_commands(said_as),
            *(line for name in ASKED for line in _command(name, schemas[name], examples.get(name))),
            "## Values\n",
            *(line for name in sorted(values) for line in value_section(name, values[name])),
        ]
    )


def _commands(said_as: SaidAs) -> list[str]:
    rows = [
        (
            f"[`{name}`](#{anchor(name)})",
            *(_actions(command, version, said_as.get(name, {})) for version in ALL),
        )
        for name, command in sorted(ASKED.items())
    ]
    return [
        "## All commands\n",
        "Under each version the actions by which a command is said; one that a version lacks is `unsupported`.\n",
        *table(("Command", *(f"OCPP {version}" for version in ALL)), rows),
    ]


def _actions(command: type[Command], version: str, said_as: Mapping[str, list[str]]) -> str:
    return ", ".join(said_as.get(version, ())) if version in command.VERSIONS else "—"


def _command(name: str, schema: Json, example: str | None) -> list[str]:
    told = [f"## {name}\n", schema["description"] + "\n"]
    told.append(f"Schema: [{name}](schemas/{COMMANDS_FOLDER}/{name}.json)\n")
    if schema["properties"]:
        told += fields(schema)
    if example:
        told += ["<details><summary>Example</summary>\n", f"```json\n{example}\n```\n", "</details>\n"]
    return told
