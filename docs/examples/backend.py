"""A backend: it starts charging at a station, whatever the station speaks, and prints what became of it.

python backend.py kafka-1:9092 CP-001 04A2B6C3
"""

import asyncio
import json
import sys
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def start_charging(brokers: str, station: str, token: str) -> None:
    id_token = {"value": token, "type": "ISO14443"}
    command = {"id": str(uuid4()), "command": "transaction.start", "arguments": {"idToken": id_token}}
    results = AIOKafkaConsumer("ocpp.command-results.v1", bootstrap_servers=brokers)
    producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
    async with results, producer:
        await results.seek_to_end()  # first listen, then ask
        await producer.send_and_wait(
            "ocpp.commands.v1", key=station.encode(), value=json.dumps(command).encode()
        )
        async for record in results:
            result = json.loads(record.value)
            if (
                dict(record.headers)["ce_type"] == b"ocpp.command.completed"
                and result["commandId"] == command["id"]
            ):
                print(station, result["status"], result.get("why", ""), result.get("answer", ""))
                return


asyncio.run(start_charging(*sys.argv[1:4]))
