"""The container image is built and runs as Kubernetes runs it: its own user, read-only, no capabilities."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from aiohttp import ClientSession

from cli.families import CONSUMERS
from tests.support.image import Container, Image, build_image

BOOT = [2, "1", "BootNotification", {"chargePointVendor": "Kurbel", "chargePointModel": "Wallbox 22"}]

KUBERNETES = {
    "OCPP_GATEWAY_SERVICE_HOST": "10.96.7.1",
    "OCPP_GATEWAY_SERVICE_PORT": "9000",
    "OCPP_GATEWAY_SERVICE_PORT_STATIONS": "9000",
    "OCPP_GATEWAY_PORT": "tcp://10.96.7.1:9000",
    "OCPP_GATEWAY_PORT_9000_TCP": "tcp://10.96.7.1:9000",
    "OCPP_GATEWAY_PORT_9000_TCP_ADDR": "10.96.7.1",
    "OCPP_GATEWAY_PORT_9000_TCP_PORT": "9000",
    "OCPP_GATEWAY_PORT_9000_TCP_PROTO": "tcp",
}
"""What Kubernetes adds to the environment of each pod beside a Service named ocpp-gateway."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with build_image(tmp_path_factory.mktemp("image")) as built:
        yield built


def stops_cleanly(container: Container) -> None:
    """Send SIGTERM as Kubernetes does; the program ends by itself with code 0."""
    container.signal(signal.SIGTERM)
    output, _ = container.process.communicate(timeout=60)
    assert container.process.returncode == 0, output


def test_the_version_is_printed_and_the_root_is_read_only(image: Image, tmp_path: Path) -> None:
    with image.start("--version", volume=tmp_path / "data") as container:
        output, _ = container.process.communicate(timeout=60)
    assert re.fullmatch(r"ocpp-gateway \d+\.\d+\.\d+\n", output)
    assert image.config["User"] == "10001"


async def test_the_gateway_serves_a_station_beside_a_service_of_its_own_name(
    image: Image, tmp_path: Path
) -> None:
    settings = {"OCPP_PORT": "0", "OCPP_INTERNAL_PORT": "0", "OCPP_DRAIN_GRACE_SECONDS": "0"}
    with image.start("serve", volume=tmp_path / "data", **KUBERNETES, **settings) as container:
        started = json.loads(container.wait_for_line("listening for stations"))
        port = int(re.findall(r":(\d+)/", started["url"])[0])
        async with ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{started['internal_port']}/ready") as ready:
                assert (await ready.json())["ok"] is True
            url = f"ws://127.0.0.1:{port}/ocpp/CP-001"
            async with client.ws_connect(url, protocols=["ocpp1.6"]) as station:
                await station.send_json(BOOT)
                kind, message_id, answer = await station.receive_json(timeout=10)
        assert (kind, message_id, answer["status"]) == (3, "1", "Accepted")
        assert container.can_write("/var/lib/ocpp-gateway")
        assert not container.can_write("/opt/gateway")
        stops_cleanly(container)


@pytest.mark.parametrize("name", CONSUMERS)
def test_a_consumer_runs_beside_a_service_of_its_own_name(image: Image, tmp_path: Path, name: str) -> None:
    settings = {f"OCPP_{name.upper()}_INTERNAL_PORT": "0", "OCPP_MONITORING_PORT": "0"}
    with image.start("consume", name, volume=tmp_path / "data", **KUBERNETES, **settings) as container:
        port = json.loads(container.wait_for_line("internal_port"))["internal_port"]
        with urlopen(f"http://127.0.0.1:{port}/live") as live:
            assert live.status == 200
        stops_cleanly(container)
