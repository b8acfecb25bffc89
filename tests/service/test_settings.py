"""Every fault of the environment is told at once, in words that help, and no secret is ever printed."""

from collections.abc import Iterable
from typing import Literal

import pytest
from pydantic import Field, SecretStr

from service.settings import MASK, Fault, JsonObject, Settings, SettingsFault


class Bakery(Settings):
    ovens: int = Field(2, ge=1, le=9, description="How many ovens there are.")
    heat_seconds: float = Field(30, gt=0, description="How long an oven heats up.")
    bread: Literal["rye", "wheat"] = Field("rye", description="What is baked.")
    recipes: JsonObject[Literal["sour", "sweet"]] = Field({}, description="Taste by name.")
    key: SecretStr | None = Field(None, min_length=4, description="Of the door.")
    name: str = Field(default_factory=lambda: "made", json_schema_extra={"default_text": "<made>"})

    def conflicts(self) -> Iterable[Fault]:
        if self.bread == "rye" and self.ovens > 5:
            yield Fault("OCPP_OVENS, OCPP_BREAD", None, "rye needs fewer ovens")


def load_with(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Bakery:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Bakery.load()


def faults_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    with pytest.raises(SettingsFault) as caught:
        load_with(monkeypatch, **variables)
    return [str(fault) for fault in caught.value.faults]


def test_the_environment_is_read_and_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = load_with(monkeypatch, OCPP_OVENS="4", OCPP_BREAD="", OCPP_RECIPES='{"a": "sour"}')
    assert (bakery.ovens, bakery.bread, bakery.recipes) == (4, "rye", {"a": "sour"})


def test_overrides_are_stronger_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCPP_OVENS", "4")
    assert Bakery.load(ovens=5).ovens == 5


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = faults_of(
        monkeypatch,
        OCPP_OVENS="12",
        OCPP_HEAT_SECONDS="soon",
        OCPP_BREAD="cake",
        OCPP_RECIPES="{",
        OCPP_OVNES="3",
    )
    assert told[:3] == [
        "OCPP_OVNES: no such setting; did you mean OCPP_OVENS?",
        "OCPP_OVENS='12': allowed: a whole number from 1 to 9",
        "OCPP_HEAT_SECONDS='soon': allowed: a number above 0",
    ]
    assert told[3] == "OCPP_BREAD='cake': allowed: rye, wheat"
    assert told[4].startswith("OCPP_RECIPES='{': no JSON")
    assert told[4].endswith("allowed: a JSON object of sour, sweet")
    assert len(told) == 5


def test_a_value_inside_a_json_object_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults_of(monkeypatch, OCPP_RECIPES='{"a": "bitter"}') == [
        """OCPP_RECIPES='{"a": "bitter"}': allowed: a JSON object of sour, sweet"""
    ]


def test_a_name_that_resembles_nothing_gets_no_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults_of(monkeypatch, OCPP_XYZZY="1") == ["OCPP_XYZZY: no such setting"]


def test_names_are_known_in_any_case_as_the_environment_source_reads_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_with(monkeypatch, ocpp_ovens="3").ovens == 3


def test_settings_that_contradict_each_other_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults_of(monkeypatch, OCPP_OVENS="6") == ["OCPP_OVENS, OCPP_BREAD: rye needs fewer ovens"]


def test_a_secret_is_masked_in_faults_and_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = faults_of(monkeypatch, OCPP_KEY="abc")
    assert MASK in told
    assert "abc" not in told
    bakery = load_with(monkeypatch, OCPP_KEY="abcdefgh")
    (row,) = [row for row in bakery.table() if row.name == "OCPP_KEY"]
    assert row.value == MASK
    assert "abcdefgh" not in repr(bakery)


def test_the_table_says_default_unit_and_value(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row.name: row for row in load_with(monkeypatch, OCPP_HEAT_SECONDS="45.5").table()}
    assert list(rows) == [f"OCPP_{name.upper()}" for name in Bakery.model_fields]
    heat = rows["OCPP_HEAT_SECONDS"]
    assert (heat.default, heat.value, heat.unit) == ("30", "45.5", "s")
    assert heat.meaning == "How long an oven heats up."
    assert rows["OCPP_NAME"].default == "<made>"


def test_settings_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = load_with(monkeypatch)
    with pytest.raises(ValueError, match="frozen"):
        bakery.ovens = 3


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql+asyncpg://me:s3:cr/et@host/db", f"postgresql+asyncpg://me:{MASK}@host/db"),
        ("http://one:s3cret@a,http://two:s3cret@b", f"http://one:{MASK}@a,http://two:{MASK}@b"),
        ("sqlite:///./var/a@b.db", "sqlite:///./var/a@b.db"),
    ],
)
def test_the_password_of_an_address_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, given: str, shown: str
) -> None:
    rows = {row.name: row.value for row in load_with(monkeypatch, OCPP_NAME=given).table()}
    assert rows["OCPP_NAME"] == shown
    [told] = faults_of(monkeypatch, OCPP_BREAD=given)
    assert told.startswith(f"OCPP_BREAD='{shown}': ")


SERVICE_LINKS = {
    "OCPP_GATEWAY_SERVICE_HOST": "10.96.7.1",
    "OCPP_GATEWAY_SERVICE_PORT": "9000",
    "OCPP_GATEWAY_SERVICE_PORT_STATIONS": "9000",
    "OCPP_GATEWAY_PORT": "tcp://10.96.7.1:9000",
    "OCPP_GATEWAY_PORT_9000_TCP": "tcp://10.96.7.1:9000",
    "OCPP_GATEWAY_PORT_9000_TCP_PROTO": "tcp",
    "OCPP_GATEWAY_PORT_9000_TCP_PORT": "9000",
    "OCPP_GATEWAY_PORT_9000_TCP_ADDR": "10.96.7.1",
    "OCPP_DNS_PORT": "udp://10.96.7.2:53",
    "OCPP_DNS_PORT_53_UDP": "udp://10.96.7.2:53",
}


def test_the_variables_of_kubernetes_services_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_with(monkeypatch, OCPP_OVENS="4", **SERVICE_LINKS).ovens == 4


def test_a_service_that_is_named_like_a_setting_does_not_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mill(Settings):
        port: int = Field(9000, description="Where the mill listens.")

    monkeypatch.setenv("OCPP_PORT", "tcp://10.96.7.1:9000")
    assert Mill.load().port == 9000
    monkeypatch.setenv("OCPP_PORT", "9001")
    assert Mill.load().port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [("OCPP_GATEWAY_PORT", "9000"), ("OCPP_PORT_TCP", "tcp://x"), ("OCPP_OVENS_PORT_TCP", "9000")],
)
def test_a_misspelt_port_is_still_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (fault,) = faults_of(monkeypatch, **{name: value})
    assert fault.startswith(f"{name}: no such setting")
