"""Who decides, as an operator says it; and that no station is let in before what he asked for is known."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from contract.decisions import TOKEN_ACTIONS
from contract.topics import EVERY_TOPIC, ID_TOKENS
from eventlog.port import Record
from eventlog.url import open_log
from gateway.settings import GatewaySettings
from service.settings import SettingsFault
from tests.support.in_process import serving
from tests.support.raw_station import RawStation


def faults(monkeypatch: pytest.MonkeyPatch, decisions: str) -> str:
    monkeypatch.setenv("OCPP_DECISIONS", decisions)
    with pytest.raises(SettingsFault) as caught:
        GatewaySettings.load()
    return str(caught.value)


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ({}, {}),
        ({"idToken": "default"}, {}),
        ({"idToken": "ask"}, dict.fromkeys(TOKEN_ACTIONS, "ask")),
        (
            {"idToken": "id_tokens", "Authorize": "ask", "StopTransaction": "default"},
            {"Authorize": "ask", "StartTransaction": "id_tokens", "TransactionEvent": "id_tokens"},
        ),
        ({"BootNotification": "ask"}, {"BootNotification": "ask"}),
    ],
)
def test_an_actions_own_name_counts_more_than_idtoken(said: dict[str, Any], who: dict[str, str]) -> None:
    assert GatewaySettings.load(decisions=said).deciders() == who


def test_what_cannot_be_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OCPP_DECISIONS='MeterValues': allowed: idToken, Authorize" in faults(
        monkeypatch, '{"MeterValues": "ask"}'
    )
    assert "it asks about no idToken" in faults(monkeypatch, '{"BootNotification": "id_tokens"}')
    assert "allowed: " in faults(monkeypatch, '{"Authorize": "maybe"}')
    assert "no JSON" in faults(monkeypatch, "ask")


async def test_a_gateway_has_read_the_tokens_before_it_listens(tmp_path: Path, nothing_left: None) -> None:
    log = open_log(f"sqlite:///{tmp_path / 'events.db'}")
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    value = msgspec.json.encode({"status": "Accepted"})
    await log.append(Record(ID_TOKENS.name, "04e91c5a", value))
    await log.close()
    async with serving(tmp_path, decisions={"idToken": "id_tokens"}) as gateway:
        station = await RawStation.connect(gateway.port)
        answer = await station.ask("1", "Authorize", {"idTag": "04E91C5A"})
        assert answer[2] == {"idTagInfo": {"status": "Accepted"}}
        async with ClientSession() as http:
            url = f"http://127.0.0.1:{gateway.internal_port}"
            async with http.get(f"{url}/ready") as ready:
                assert ready.status == 200
            async with http.get(f"{url}/metrics") as metrics:
                text = await metrics.text()
        assert "ocpp_gateway_id_tokens 1.0" in text
        assert 'ocpp_gateway_decisions_total{action="Authorize",outcome="known"} 1.0' in text


@pytest.mark.parametrize("registration", ["Accepted", "Pending", "Rejected"])
async def test_a_boot_is_answered_as_the_default_says(
    tmp_path: Path, nothing_left: None, registration: str
) -> None:
    async with serving(tmp_path, boot_default=registration, heartbeat_seconds=77) as gateway:
        station = await RawStation.connect(gateway.port)
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        answer = (await station.ask("1", "BootNotification", boot))[2]
        assert (answer["status"], answer["interval"]) == (registration, 77)
