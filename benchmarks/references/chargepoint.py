"""The usual way to write a CSMS in Python: the `ocpp` package's ChargePoint on `websockets`.

Written as that package's documentation shows, with its schema validation on and its logging off. With
`--kafka` each message is published with aiokafka, durably (acks=all), before it is answered.
"""

# The ocpp package and aiokafka carry no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False, disallow-subclassing-any=False

import argparse
import asyncio
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import websockets
from aiokafka import AIOKafkaProducer
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import ServerConnection

TOPIC = "csms.messages"
ACCEPTED = IdTagInfo(status=AuthorizationStatus.accepted)


def now() -> str:
    return datetime.now(UTC).isoformat()


class CentralSystem(ChargePoint):
    """One connected station."""

    transaction_ids = itertools.count(1)

    def __init__(self, station: str, connection: ServerConnection, producer: AIOKafkaProducer | None) -> None:
        super().__init__(station, connection)
        self._producer = producer

    async def _publish(self, action: Action, fields: dict[str, Any]) -> None:
        if self._producer is not None:
            value = json.dumps({"station": self.id, "action": action, "payload": fields}).encode()
            await self._producer.send_and_wait(TOPIC, value, key=self.id.encode())

    @on(Action.boot_notification)
    async def on_boot(self, **fields: Any) -> call_result.BootNotification:
        await self._publish(Action.boot_notification, fields)
        return call_result.BootNotification(now(), 300, RegistrationStatus.accepted)

    @on(Action.heartbeat)
    async def on_heartbeat(self, **fields: Any) -> call_result.Heartbeat:
        await self._publish(Action.heartbeat, fields)
        return call_result.Heartbeat(now())

    @on(Action.status_notification)
    async def on_status(self, **fields: Any) -> call_result.StatusNotification:
        await self._publish(Action.status_notification, fields)
        return call_result.StatusNotification()

    @on(Action.meter_values)
    async def on_meter_values(self, **fields: Any) -> call_result.MeterValues:
        await self._publish(Action.meter_values, fields)
        return call_result.MeterValues()

    @on(Action.start_transaction)
    async def on_start(self, **fields: Any) -> call_result.StartTransaction:
        await self._publish(Action.start_transaction, fields)
        return call_result.StartTransaction(next(self.transaction_ids), ACCEPTED)

    @on(Action.stop_transaction)
    async def on_stop(self, **fields: Any) -> call_result.StopTransaction:
        await self._publish(Action.stop_transaction, fields)
        return call_result.StopTransaction()


async def serve(port: int, kafka: str | None) -> None:
    producer = None
    if kafka:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.removeprefix("kafka://"), acks="all")
        await producer.start()

    async def connected(connection: ServerConnection) -> None:
        assert connection.request is not None
        station = connection.request.path.rpartition("/")[2]
        try:
            await CentralSystem(station, connection, producer).start()
        except websockets.ConnectionClosed:
            return

    subprotocol = websockets.Subprotocol("ocpp1.6")
    async with websockets.serve(connected, "127.0.0.1", port, subprotocols=[subprotocol], backlog=4096):
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kafka")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.kafka))


if __name__ == "__main__":
    main()
