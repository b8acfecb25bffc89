"""Stations built with the `ocpp` package, whose client checks every answer by the official schemas."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import ocpp.v16
import ocpp.v16.call
import ocpp.v21
import ocpp.v21.call
import ocpp.v201
import ocpp.v201.call
import pytest
import websockets
from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus

from tests.interop.served import Served

STATIONS: dict[str, Any] = {
    "1.6": ocpp.v16.ChargePoint,
    "2.0.1": ocpp.v201.ChargePoint,
    "2.1": ocpp.v21.ChargePoint,
}
CALLS = {"2.0.1": ocpp.v201.call, "2.1": ocpp.v21.call}
TOKEN = {"id_token": "04A2B3C4", "type": "ISO14443"}


@contextlib.asynccontextmanager
async def station(served: Served, name: str, version: str) -> AsyncIterator[Any]:
    """A connected station; what it calls raises where it is answered with an error."""
    async with websockets.connect(f"{served.url}/{name}", subprotocols=[f"ocpp{version}"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == f"ocpp{version}"
        told = STATIONS[version](name, socket)
        listening = asyncio.create_task(told.start())
        try:
            yield told
        finally:
            listening.cancel()
            await asyncio.wait([listening])


async def types(served: Served, name: str, count: int) -> list[str]:
    """The types of a station's first events, in alphabetical order: topics have no common order."""
    events = await asyncio.to_thread(served.events, name, count)
    return sorted(event["type"].removeprefix("ocpp.") for event in events)


async def test_a_station_of_1_6(served: Served) -> None:
    call = ocpp.v16.call
    async with station(served, "package-16", "1.6") as told:
        booted = await told.call(call.BootNotification(charge_point_model="One", charge_point_vendor="ACME"))
        assert booted.status == "Accepted"
        await told.call(
            call.StatusNotification(
                connector_id=1, error_code=ChargePointErrorCode.no_error, status=ChargePointStatus.available
            )
        )
        authorized = await told.call(call.Authorize(id_tag="04A2B3C4"))
        assert authorized.id_tag_info["status"] == "Accepted"
        started = await told.call(
            call.StartTransaction(connector_id=1, id_tag="04A2B3C4", meter_start=0, timestamp=now())
        )
        assert started.transaction_id > 0
        await told.call(
            call.StopTransaction(meter_stop=500, timestamp=now(), transaction_id=started.transaction_id)
        )
        await told.call(call.Heartbeat())
    assert await types(served, "package-16", 10) == [
        "authorization.requested",
        "connector.status_changed",
        "meter.sampled",
        "meter.sampled",
        "station.booted",
        "station.connected",
        "station.disconnected",
        "station.heartbeat",
        "transaction.ended",
        "transaction.started",
    ]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_station_of_2(served: Served, version: str) -> None:
    name, call = f"package-{version}", CALLS[version]
    async with station(served, name, version) as told:
        plate = {"vendor_name": "ACME", "model": "Two"}
        booted = await told.call(call.BootNotification(charging_station=plate, reason="PowerUp"))
        assert booted.status == "Accepted"
        await told.call(
            call.StatusNotification(timestamp=now(), connector_status="Occupied", evse_id=1, connector_id=1)
        )
        authorized = await told.call(call.Authorize(id_token=TOKEN))
        assert authorized.id_token_info["status"] == "Accepted"
        for number, (event_type, trigger) in enumerate(
            [("Started", "Authorized"), ("Updated", "ChargingStateChanged"), ("Ended", "StopAuthorized")]
        ):
            await told.call(
                call.TransactionEvent(
                    event_type=event_type,
                    timestamp=now(),
                    trigger_reason=trigger,
                    seq_no=number,
                    transaction_info={"transaction_id": "tx-1"},
                    id_token=TOKEN,
                )
            )
        await told.call(call.Heartbeat())
    assert await types(served, name, 9) == [
        "authorization.requested",
        "connector.status_changed",
        "station.booted",
        "station.connected",
        "station.disconnected",
        "station.heartbeat",
        "transaction.ended",
        "transaction.started",
        "transaction.updated",
    ]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
