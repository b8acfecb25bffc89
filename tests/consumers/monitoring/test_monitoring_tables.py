"""What each message makes of a station: the pure core, without a database."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from consumers.monitoring.folding import fold
from consumers.monitoring.moments import ms
from consumers.monitoring.state import Kept, pack, unpack
from consumers.monitoring.tally import Place
from contract.events import ConnectorStatusChanged, FirmwareStatus, LogStatus, SecurityEvent
from contract.model import Evse, Fault, Meter, Sample, Station, Transaction
from contract.registry import RegisteredStation
from tests.consumers.monitoring.conftest import NOW, Charger, Folded, ago, message


def levels(folded: Folded) -> dict[str, int]:
    return {name: height for name, height in folded.shard.totals.items() if height}


def test_a_station_is_what_it_said_when_it_booted(charger: Charger) -> None:
    kept = Folded(charger.boots()).kept
    assert (kept.vendor, kept.model, kept.serial, kept.firmware) == ("Alfa", "Alfa 22", "S-1", "1.4.2")
    assert (kept.booted_ms, kept.boot_reason, kept.seen_ms) == (ms(ago(100)), "PowerUp", ms(ago(100)))


def test_the_registry_names_a_station_and_a_tombstone_takes_that_away() -> None:
    known = RegisteredStation(
        name="Harbour 3", site="Harbour", groups=("fast",), address="Quay 1", city="Kiel"
    )
    folded = Folded(known)
    assert (folded.kept.name, folded.kept.site, folded.kept.groups) == ("Harbour 3", "Harbour", ("fast",))
    assert folded.kept.address == "Quay 1, Kiel"
    folded.take(None)
    assert [folded.kept.name, folded.kept.address, *folded.kept.groups] == [None, None]
    assert folded.kept.seen_ms == 0


class TestPresence:
    def test_a_connection_and_its_end(self, charger: Charger) -> None:
        folded = Folded(charger.online(30))
        assert folded.kept.is_connected
        assert levels(folded) == {"connected": 1}
        folded.take(charger.offline(20, reason="gateway_lost"))
        assert not folded.kept.is_connected
        assert folded.kept.link is not None
        assert (folded.kept.link.reason, folded.kept.link.trace.since_ms) == ("gateway_lost", ms(ago(20)))
        assert levels(folded) == {}

    def test_the_end_of_an_old_connection_changes_nothing(self, charger: Charger) -> None:
        folded = Folded(charger.online(30), charger.online(20, "c2"), charger.offline(19, "c1"))
        assert folded.kept.is_connected
        assert folded.kept.link is not None
        assert (folded.kept.link.connection, folded.kept.link.trace.since_ms) == ("c2", ms(ago(20)))
        assert levels(folded) == {"connected": 1}

    def test_one_that_is_said_again_is_believed_only_where_it_is_the_newest(self, charger: Charger) -> None:
        folded = Folded(charger.online(20, "c2"), charger.online(30, "c1", restated=True))
        assert folded.kept.link is not None
        assert folded.kept.link.connection == "c2"
        folded.take(charger.offline(15, "c2", reason="gateway_lost"), charger.online(20, "c2", restated=True))
        assert folded.kept.is_connected


class TestStatus:
    def test_a_connector_and_what_is_wrong_with_it(self, charger: Charger) -> None:
        fault = Fault(code="GroundFailure", info="E-17", vendor_code="17")
        folded = Folded(charger.online(), charger.status("Available"))
        assert levels(folded) == {"connected": 1, "available": 1, "usable": 1}
        folded.take(charger.status("Faulted", 80, fault=fault))
        connector = folded.kept.evses[1].connectors[1]
        assert (connector.trace.state, connector.trace.since_ms) == ("Faulted", ms(ago(80)))
        assert (connector.fault_code, connector.fault_info, connector.vendor_code) == (
            "GroundFailure",
            "E-17",
            "17",
        )
        assert levels(folded) == {"connected": 1, "faulted": 1}
        assert folded.shard.trends[60_000, ms(ago(80))]["faults"] == 1
        folded.take(charger.status("Available", 70))
        assert folded.kept.evses[1].connectors[1].fault_code is None

    def test_a_connector_cannot_be_used_while_its_station_is_away(self, charger: Charger) -> None:
        folded = Folded(charger.online(), charger.status("Available"), charger.offline(50))
        assert levels(folded) == {"available": 1}
        folded.take(charger.online(40, "c2"))
        assert levels(folded) == {"connected": 1, "available": 1, "usable": 1}

    def test_the_most_pressing_status_is_the_station_s(self, charger: Charger) -> None:
        folded = Folded(charger.status("Available"), charger.status("Occupied", evse=2))
        assert folded.kept.status == "Occupied"
        folded.take(charger.status("Faulted", evse=None))
        assert folded.kept.status == "Faulted"
        folded.take(charger.status("Available", 50, evse=None))
        assert folded.kept.status == "Occupied"
        assert Kept("CP-2").status == "Unknown"

    def test_an_unknown_word_is_unknown(self, charger: Charger) -> None:
        assert Folded(charger.status("Melting")).kept.evses[1].connectors[1].trace.state == "Unknown"

    def test_what_was_queued_while_away_goes_before_what_is(self, charger: Charger) -> None:
        folded = Folded(
            charger.status("Available", 90),
            charger.status("Available", 10),
            charger.status("Occupied", 5),
            charger.status("Faulted", 60, told=4),
            charger.status("Available", 40, told=4),
        )
        connector = folded.kept.evses[1].connectors[1]
        assert (connector.trace.state, connector.trace.since_ms) == ("Occupied", ms(ago(5)))
        states = {at_ms: turn.state for (_, at_ms), turn in folded.tally.transitions.items()}
        assert states == {
            ms(ago(90)): "Available",
            ms(ago(60)): "Faulted",
            ms(ago(40)): "Available",
            ms(ago(5)): "Occupied",
        }
        assert levels(folded) == {"occupied": 1}
        hour = folded.shard.trends[3_600_000, ms(ago(60))]
        assert hour["faulted_carry"] == 0
        assert hour["faulted_area"] == 20 * 60_000

    def test_a_clock_that_was_set_back_stops_nothing(self, charger: Charger) -> None:
        folded = Folded(charger.status("Available", 10), charger.status("Occupied", 70, told=9))
        folded.take(charger.status("Faulted", 69, told=8))
        trace = folded.kept.evses[1].connectors[1].trace
        assert trace.state in {"Available", "Faulted"}
        assert trace.since_ms <= ms(NOW)

    def test_a_clock_that_was_never_set_is_not_asked(self, charger: Charger) -> None:
        folded = Folded(charger.status("Available", 60 * 24 * 400, told=9))
        assert folded.kept.evses[1].connectors[1].trace.since_ms == ms(ago(9))

    def test_a_station_that_makes_up_numbers_is_bounded(self, charger: Charger) -> None:
        folded = Folded(*(charger.status("Available", evse=number) for number in range(1, 400)))
        assert len(folded.kept.evses) == 256
        assert folded.shard.totals["available"] == 256

    @pytest.mark.parametrize("odd", [-1, 2**31, 2**70])
    def test_a_number_that_no_column_holds_is_not_kept(self, charger: Charger, odd: int) -> None:
        place = Evse(id=1, connector_id=odd)
        folded = Folded(
            ConnectorStatusChanged(
                station=Station(id=charger.id), received_at=NOW, status="Available", evse=place
            ),
            FirmwareStatus(
                station=Station(id=charger.id), received_at=NOW, status="Installed", request_id=2**70
            ),
        )
        assert folded.kept.evses[1].connectors == {}
        assert list(folded.tally.transitions) == []
        assert unpack(pack(folded.kept)) == folded.kept


class TestSessions:
    def test_from_start_to_end(self, charger: Charger) -> None:
        folded = Folded(charger.starts(), charger.samples(30, 5000, 11_000, 40))
        session = folded.kept.evses[1].session
        assert session is not None
        assert session.token == "04…F7 (ISO14443)"
        assert (session.energy_wh, session.power_w, session.soc_percent) == (4000, 11_000, 40)
        assert levels(folded) == {"sessions": 1, "power_w": 11_000}
        assert (folded.kept.sessions, folded.kept.power_w) == (1, 11_000)
        folded.take(charger.ends())
        assert (session.ended_ms, session.energy_wh, session.stopped_reason) == (ms(ago(10)), 8000, "Local")
        assert levels(folded) == {}
        day = folded.shard.trends[86_400_000, ms(ago(12 * 60))]
        assert (day["energy_wh"], day["sessions_started"], day["sessions_ended"]) == (8000, 1, 1)
        assert day["sessions_area"] == 50 * 60_000
        assert day["power_w_area"] == 11_000 * 20 * 60_000

    @pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 1, 0), (0, 2, 1), (2, 0, 1)])
    def test_topics_may_be_read_in_any_order(self, charger: Charger, order: tuple[int, ...]) -> None:
        said = (charger.starts(), charger.samples(30, 5000), charger.ends())
        folded = Folded(*(said[place] for place in order))
        session = folded.kept.evses[1].session
        assert session is not None
        assert (session.started_ms, session.ended_ms) == (ms(ago(60)), ms(ago(10)))
        assert (session.energy_wh, session.inferred) == (8000, False)
        assert levels(folded) == {}
        day = folded.shard.trends[86_400_000, ms(ago(12 * 60))]
        assert (day["sessions_started"], day["sessions_ended"]) == (1, 1)
        assert day["sessions_area"] == 50 * 60_000
        assert day["energy_wh"] == 8000

    def test_power_is_told_by_the_register_where_nothing_else_tells_it(self, charger: Charger) -> None:
        folded = Folded(charger.starts(), charger.samples(30, 6500), charger.samples(20, 7500))
        assert folded.kept.power_w == 6000
        folded.take(charger.samples(15, 8000, power_w=7000), charger.samples(10, 9000))
        assert folded.kept.power_w == 7000

    def test_the_phases_are_added_up(self, charger: Charger) -> None:
        parts = tuple(
            Sample(measurand="Power.Active.Import", value=Decimal(1000), unit="W", phase=phase, at=ago(30))
            for phase in ("L1", "L2", "L3")
        )
        event = msgspec.structs.replace(charger.samples(30), samples=parts)
        assert Folded(charger.starts(), event).kept.power_w == 3000

    def test_a_register_that_begins_anew_takes_nothing_away(self, charger: Charger) -> None:
        folded = Folded(
            charger.starts(), charger.samples(40, 3000), charger.samples(30, 10), charger.samples(20, 500)
        )
        session = folded.kept.evses[1].session
        assert session is not None
        assert session.energy_wh == 2490

    @pytest.mark.parametrize("odd", [Decimal(-(2**62)), Decimal(10**400), Decimal("-1e400"), Decimal("NaN")])
    def test_a_register_that_cannot_be_is_not_counted(self, charger: Charger, odd: Decimal) -> None:
        said = (
            charger.samples(50, 5),
            charger.starts(minutes=60, meter=Meter(start_wh=odd)),
            charger.samples(40, 1005),
            charger.ends(meter=Meter(stop_wh=odd)),
        )
        for order in (said, (said[1], said[0], *said[2:])):
            folded = Folded(*order)
            session = folded.kept.evses[1].session
            assert session is not None
            assert session.energy_wh == 1000
            assert sum(sums["energy_wh"] for sums in folded.shard.trends.values()) == 3 * 1000

    def test_a_start_ends_what_was_never_ended(self, charger: Charger) -> None:
        folded = Folded(charger.starts("t-1", 60), charger.samples(50, 2000, 7000), charger.starts("t-2", 20))
        assert levels(folded) == {"sessions": 1}
        folded.take(charger.ends("t-1", 21))
        session = folded.kept.evses[1].session
        assert session is not None
        assert (session.transaction, session.is_running) == ("t-2", True)
        assert levels(folded) == {"sessions": 1}

    def test_an_end_without_evse_finds_its_transaction(self, charger: Charger) -> None:
        folded = Folded(charger.starts(), charger.ends(evse=None))
        assert folded.kept.sessions == 0

    def test_charging_is_what_the_station_says(self, charger: Charger) -> None:
        folded = Folded(
            charger.starts(transaction="t-1"),
            charger.status("Occupied", 59, detail="Charging"),
            charger.status("Occupied", 30, detail="SuspendedEV"),
        )
        states = [
            turn.state
            for (place, _), turn in folded.tally.transitions.items()
            if place == Place("charging", 1)
        ]
        assert states == ["yes", "no"]


class TestLists:
    def test_progress_and_security(self, charger: Charger) -> None:
        given: dict[str, Any] = {"station": Station(id="CP-1"), "received_at": NOW}
        folded = Folded(
            FirmwareStatus(status="Downloading", request_id=7, **given),
            LogStatus(kind="diagnostics", status="Uploading", **given),
            SecurityEvent(type="FirmwareUpdated", **given),
        )
        kept = folded.kept
        assert kept.firmware_update is not None
        assert (kept.firmware_update.status, kept.firmware_update.request_id) == ("Downloading", 7)
        assert kept.log_upload is not None
        assert (kept.log_upload.kind, kept.security_events, kept.security_type) == (
            "diagnostics",
            1,
            "FirmwareUpdated",
        )
        assert [one.number for one in folded.tally.recent] == [1, 2, 3]

    def test_the_same_event_again_is_no_event(self, charger: Charger) -> None:
        folded = Folded()
        for _ in range(2):
            fold(folded.kept, message(charger.status("Faulted"), event_id="same"), folded.tally)
        assert len(folded.tally.recent) == 1
        assert folded.shard.trends[60_000, ms(ago(90))]["faults"] == 1

    def test_no_token_is_shown(self, charger: Charger) -> None:
        folded = Folded(charger.starts())
        (recent,) = folded.tally.recent
        assert b"04A2B3C4D5E6F7" not in recent.body
        assert b"04A2B3C4D5E6F7" not in pack(folded.kept)

    def test_what_is_kept_is_read_again(self, charger: Charger) -> None:
        folded = Folded(
            charger.online(),
            charger.boots(),
            charger.status("Occupied", detail="Charging"),
            charger.starts(transaction="t-1"),
            charger.samples(30, 5000, 11_000, 40),
            RegisteredStation(name="a", groups=("x", "y")),
        )
        assert unpack(pack(folded.kept)) == folded.kept

    def test_an_event_of_nowhere_is_listed(self, charger: Charger) -> None:
        folded = Folded(charger.ends(evse=None))
        assert folded.kept.evses == {}
        assert len(folded.tally.recent) == 1
        assert charger.ends(evse=Evse(id=2)).transaction == Transaction(id="t-1")
