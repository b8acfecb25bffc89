"""A backend that decides: it lets in the drivers it knows, and tells the others why not.

python deciding.py kafka-1:9092 04A2B6C3 04E91C5A   (the tokens that may charge)
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def decide(brokers: str, *known: str) -> None:
    requests = AIOKafkaConsumer(
        "ocpp.decision-requests.v1",
        bootstrap_servers=brokers,
        group_id="drivers",
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
    async with requests, producer:
        async for record in requests:
            request = json.loads(record.value)
            if "idToken" not in request["data"]:
                continue  # another decision, for another backend
            may_charge = request["data"]["idToken"].get("value", "").upper() in known
            decision: dict[str, object] = {"status": "Accepted" if may_charge else "Unknown"}
            if not may_charge:
                decision["personalMessage"] = {"content": "Please register this card"}
            elif request["event"] == "transaction.ended":  # a 2.x station shows the driver what it cost
                decision["totalCost"] = 12.5
                decision["updatedPersonalMessage"] = {"content": "Thank you"}
            headers = dict(record.headers)
            await producer.send(
                headers["kafka_replyTopic"].decode(),
                json.dumps(decision).encode(),
                partition=int.from_bytes(headers["kafka_replyPartition"], "big"),
                headers=[("kafka_correlationId", headers["kafka_correlationId"])],
            )


asyncio.run(decide(*sys.argv[1:]))
