"""A station's password stands in no result, however it is written or read; everything else does."""

from typing import Any

import pytest

from gateway.translation.outbound.secrets import DEEPEST, HIDDEN, redacted


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
