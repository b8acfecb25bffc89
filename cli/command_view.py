"""Commands and their results as people read them in a terminal."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import typer

from cli.event_line import printable
from contract.published import description_of
from contract.vocabulary import COMMANDS

Json = Mapping[str, Any]

LABEL_WIDTH = 10
LONGEST_JSON = 500

_COLOURS = {"accepted": "green", "rejected": "yellow", "unsupported": "yellow"}


def listed() -> str:
    """Every command: the versions that have it, what it needs, what it may have, and what it does."""
    width = max(map(len, COMMANDS))
    lines = []
    for name, kind in COMMANDS.items():
        fields = msgspec.structs.fields(kind)
        needs = [field.encode_name for field in fields if field.required]
        may_have = [f"[{field.encode_name}]" for field in fields if not field.required]
        about = " ".join(description_of(kind).split("\n\n")[0].split())
        versions = ", ".join(kind.VERSIONS)
        lines += [
            f"{typer.style(name.ljust(width), bold=True)}  {' '.join([*needs, *may_have])}".rstrip(),
            f"    {about} {typer.style(f'(OCPP {versions})', dim=True)}",
        ]
    return "\n".join(lines) + "\n"


def worded(result: Json) -> str:
    """A result: its status first, then what the station said, and what was lost on the way."""
    request = result.get("request") or {}
    status = str(result.get("status"))
    colour = _COLOURS.get(status, "red")
    headline = [
        typer.style(status, fg=colour, bold=True),
        printable(str(request.get("command") or request.get("action") or "")),
        printable(str((result.get("station") or {}).get("id", ""))),
        *_seconds(result.get("timings") or {}),
    ]
    lines = ["  ".join(headline)]
    lines += [f"  {label.ljust(LABEL_WIDTH)}  {text}" for label, text in _details(result)]
    return "\n".join(lines) + "\n"


def _details(result: Json) -> Iterator[tuple[str, str]]:
    if why := result.get("why"):
        yield "why", printable(str(why), LONGEST_JSON)
    answer = dict(result.get("answer") or {})
    for variable in answer.pop("variables", ()):
        yield "variable", _variable(variable)
    for name, said in answer.items():
        yield name, _value(said)
    for loss in result.get("loss") or ():
        yield "loss", _loss(loss)
    for exchange in result.get("exchanges") or ():
        yield "sent", f"{printable(str(exchange.get('action')))} {_value(exchange.get('request'))}"
        if "errorCode" in exchange:
            yield "error", _value(f"{exchange['errorCode']}: {exchange.get('errorDescription', '')}")
        elif "response" in exchange:
            yield "answered", _value(exchange["response"])


def _variable(variable: Json) -> str:
    names = [variable.get("component"), variable.get("variable"), variable.get("attribute")]
    name = ".".join(str(part) for part in names if part)
    value = f" = {variable['value']}" if "value" in variable else ""
    return printable(f"{name}{value}  {variable.get('status')}", LONGEST_JSON)


def _loss(loss: Json) -> str:
    became = f", became {_value(loss['became'])}" if "became" in loss else ""
    return f"{printable(str(loss.get('path')))}: {printable(str(loss.get('code')))}, was {_value(loss.get('was'))}{became}"


def _seconds(timings: Json) -> Iterator[str]:
    """How long it took from the record to the station's answer."""
    asked, answered = timings.get("askedAt"), timings.get("answeredAt")
    if asked and answered:
        seconds = (datetime.fromisoformat(answered) - datetime.fromisoformat(asked)).total_seconds()
        yield f"in {seconds:.2f} s"


def _value(said: Any) -> str:
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return printable(text, LONGEST_JSON)
