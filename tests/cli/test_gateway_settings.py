"""What an operator may say to the gateway, and what is told when it does not fit together."""

from pathlib import Path

import pytest

from gateway.settings import GatewaySettings, gateway_name
from service.settings import SettingsFault, unit_of


def faults(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(f"OCPP_{name}", value)
    with pytest.raises(SettingsFault) as caught:
        GatewaySettings.load()
    return str(caught.value)


def test_certificate_and_key_go_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "server.pem"
    file.write_text("")
    told = faults(monkeypatch, TLS_CERTIFICATE=str(file))
    assert told == "OCPP_TLS_CERTIFICATE, OCPP_TLS_KEY: set both or none"
    monkeypatch.setenv("OCPP_TLS_KEY", str(file))
    assert GatewaySettings.load().tls_key == file


def test_sasl_needs_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SASL needs both" in faults(monkeypatch, KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_USERNAME="me")


def test_the_two_ports_differ_unless_they_are_free_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "must differ" in faults(monkeypatch, PORT="9100")
    assert GatewaySettings.load(port=0, internal_port=0).port == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "ocpp"),
        ("PATH", "/ocpp/"),
        ("EVENT_LOG", "mysql://x"),
        ("EVENT_LOG", "kafka://127.0.0.1"),
        ("EVENT_LOG", "kafka://a:9092,"),
        ("EVENT_LOG", "sqlite:///"),
        ("GATEWAY_ID", "a b"),
        ("STATION_ZONE", "Mars/Olympus"),
        ("STATION_ZONE_OVERRIDES", '{"CP-1": "Mars/Olympus"}'),
        ("STATION_ZONE_OVERRIDES", "[]"),
        ("SCHEMA_VALIDATION_OVERRIDES", '{"CP-1": "strict"}'),
        ("AUTHORIZE_DEFAULT", "accepted"),
        ("PING_SECONDS", "0"),
        ("CALL_TIMEOUT_SECONDS", "inf"),
        ("DRAIN_SECONDS", "nan"),
        ("TLS_KEY", "/does/not/exist.pem"),
    ],
)
def test_what_is_not_allowed_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    told = faults(monkeypatch, **{name: value})
    assert told.startswith(f"OCPP_{name}={value!r}: ")
    assert "allowed: " in told


def test_kafka_gets_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GatewaySettings.load().kafka() is None
    monkeypatch.setenv("OCPP_KAFKA_PASSWORD", "hush")
    settings = GatewaySettings.load(
        event_log="kafka://127.0.0.1:9092",
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_username="me",
        kafka_linger_ms=2.5,
    )
    kafka = settings.kafka()
    assert kafka is not None
    assert (kafka.username, kafka.password, kafka.linger_milliseconds) == ("me", "hush", 2.5)
    assert "hush" not in repr(settings) + repr(kafka)


def test_a_gateways_name_is_new_each_time_and_fit_for_the_source() -> None:
    names = {gateway_name() for _ in range(50)}
    assert len(names) == 50
    assert all(GatewaySettings.load(gateway_id=name).gateway_id == name for name in names)


def test_every_duration_and_amount_has_its_unit_in_its_name() -> None:
    without = {
        name
        for name, field in GatewaySettings.model_fields.items()
        if field.annotation in (int, float) and not unit_of(name)
    }
    assert without == {"port", "internal_port"}
