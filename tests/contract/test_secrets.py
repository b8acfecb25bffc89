"""A station's password stands in no result, however it is written or read; everything else does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract.secrets import DEEPEST, HIDDEN, PLAIN_ACTIONS, harmless, is_secret, redacted, without_secrets
from gateway.ocpp.schemas import SCHEMAS
from tests.support.payloads import document
from tests.support.secret_places import CANARY, filled, looks_secret, shows


@pytest.mark.parametrize(
    "said",
    [
        {"key": "AuthorizationKey", "value": "s3cret"},
        {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "s3cret"}]},
        {
            "arguments": {
                "variables": [
                    {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "s3cret"}
                ]
            }
        },
        {
            "setVariableData": [
                {
                    "component": {"name": "SecurityCtrlr"},
                    "variable": {"name": "BasicAuthPassword"},
                    "attributeValue": "s3cret",
                }
            ]
        },
    ],
)
def test_a_password_is_hidden_wherever_it_stands(said: Any) -> None:
    shown = str(redacted(said))
    assert "s3cret" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "said",
    [
        {"key": "HeartbeatInterval", "value": "60"},
        {"variable": {"name": "Enabled"}, "attributeValue": "true"},
        7,
        None,
        [],
    ],
)
def test_all_else_is_shown(said: Any) -> None:
    assert redacted(said) == said


def test_what_is_too_deep_to_be_looked_through_is_hidden() -> None:
    said: Any = "s3cret"
    for _ in range(DEEPEST):
        said = [said]
    assert "s3cret" in str(redacted(said))
    for _ in range(900):
        said = {"a": said}
    assert HIDDEN in str(redacted(said))
    assert "s3cret" not in str(redacted(said))


FILES = [
    (version, action, kind)
    for version, schemas in SCHEMAS.items()
    for kind, actions in (("Request", schemas.requests), ("Response", schemas.responses))
    for action in actions
]


@pytest.mark.parametrize("file", FILES, ids=" ".join)
def test_no_secret_place_of_any_message_of_any_version_is_shown(file: tuple[str, str, str]) -> None:
    root = document(*file)
    frame = json.dumps([2, "1", file[1], filled(root, root)]).encode()
    assert not shows(harmless(frame))


def test_the_fields_that_look_secret_are_those_that_are_known() -> None:
    """A new one of a later schema is decided by people: here, and in `contract.secrets`."""
    found = {
        (name, inside)
        for file in FILES
        for name, inside in fields(document(*file))
        if looks_secret(name, inside)
    }
    assert {name if name != "key" else f"{inside}.{name}" for name, inside in found} == {
        "apnPassword",
        "basicAuthPassword",
        "password",
        "simPin",
        "vpn.key",
    }


@pytest.mark.parametrize(
    "file", [file for file in FILES if file[1] in PLAIN_ACTIONS and file[2] == "Request"], ids=" ".join
)
def test_plain_messages_have_no_secret_place(file: tuple[str, str, str]) -> None:
    for name, inside in fields(document(*file)):
        assert not looks_secret(name, inside)
        assert not is_secret(name)
        assert not any(word in name.lower() for word in ("url", "uri")), name


def fields(root: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each field of a schema, with the name of the field that its object stands in."""

    def within(schema: dict[str, Any], inside: str, depth: int) -> Iterator[tuple[str, str]]:
        while "$ref" in schema:
            schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
        for name, inner in schema.get("properties", {}).items() if depth < 12 else ():
            yield name, inside
            yield from within(inner, name, depth + 1)
        if isinstance(schema.get("items"), dict):
            yield from within(schema["items"], inside, depth + 1)

    yield from within(root, "", 0)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "AuthorizationKey",
            "authorizationkey",
            "BasicAuthPassword",
            "WifiPassword",
            "APN_PWD",
            "VendorSecret",
        ),
        *("WLAN-PSK", "Encryption Key", "api_key", "SimPin", "PIN_CODE", "VpnKey", "MaintenancePasscode"),
    ],
)
@pytest.mark.parametrize(
    "shape",
    [
        '{"key":"%s","value":"%s"}',
        '{"configurationKey":[{"key":"%s","readonly":false,"value":"%s"}]}',
        '{"variables":[{"component":"C","variable":"%s","value":"%s"}]}',
        '{"setVariableData":[{"component":{"name":"C"},"variable":{"name":"%s"},"attributeValue":"%s"}]}',
        '{"eventData":[{"component":{"name":"C"},"variable":{"name":"%s"},"actualValue":"%s"}]}',
        '{"reportData":[{"component":{"name":"C"},"variable":{"name":"%s"},"variableAttribute":[{"value":"%s"}]}]}',
        '{"vendorId":"V","data":{"%s":"%s"}}',
        '{"vendorId":"V","data":"{\\"%s\\":\\"%s\\"}"}',
        '{"vendorId":"V","data":"%s=%s"}',
    ],
)
def test_a_secret_name_hides_its_value_in_each_shape(name: str, shape: str) -> None:
    if (" " in name and "\\" in shape + name) or (" " in name and "=%s" in shape):
        name = name.replace(" ", "_")  # no name with a space inside a text
    said = (shape % (name, CANARY)).encode()
    assert CANARY in json.dumps(json.loads(said))
    shown = harmless(said)
    assert not shows(shown)
    assert HIDDEN in shown.decode()


def test_a_value_that_was_hidden_is_not_repeated_by_a_reason() -> None:
    said = {
        "request": {"key": "AuthorizationKey", "value": CANARY},
        "why": f"/value: {CANARY!r} is longer than 40",
    }
    assert redacted(said)["why"] == "/value: '***' is longer than 40"


@pytest.mark.parametrize(
    "text",
    [
        "https://csms.example/ocpp?a=b",
        "2026-05-01T10:00:00Z",
        'OCMF|{"FV":"1.0","PG":"T1"}|{"SD":"MEQCIpskAApwdBB=="}',
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpSkpwd==",
        "mail@example.org",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text
    said = json.dumps({"publicKey": text, "data": text}).encode()
    assert harmless(said) is said


def test_numbers_keep_their_digits_where_a_secret_is_hidden() -> None:
    said = b'{"password":"x","a":1.10,"b":12345678901234567890.5,"c":7}'
    assert harmless(said) == b'{"password":"***","a":1.10,"b":12345678901234567890.5,"c":7}'


@pytest.mark.parametrize(
    "said",
    [
        b'{"password":"x"',
        b'\xff{"password":"x"}',
        b"[" * 5000 + b'"password"',
        b'{"password":1e99999999999999999999}',
    ],
)
def test_what_cannot_be_read_and_may_hold_a_secret_is_hidden_whole(said: bytes) -> None:
    assert harmless(said) == b'"***"'
