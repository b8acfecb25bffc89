"""The history of a demo: true past sessions of the same stations, durable in the log with their own times."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cli.demo.history import write_history
from cli.demo.past_sessions import past_sessions
from contract import envelope
from contract.events import TransactionEnded, TransactionStarted
from contract.topics import TRANSACTIONS
from eventlog.embedded.file import LogFile
from eventlog.port import Partition
from simulator.chance import stream
from simulator.meter import Meter
from simulator.settings import make_stations, make_tokens

UNTIL = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=7)
STATIONS = make_stations(9)
TOKENS = make_tokens(0)


def test_sessions_of_a_connector_follow_each_other_and_its_meter_only_rises() -> None:
    for config in STATIONS:
        sessions = past_sessions(config, TOKENS, SINCE, UNTIL)
        assert sessions == past_sessions(config, TOKENS, SINCE, UNTIL), "drawn from the seed"
        for number in range(1, config.connectors + 1):
            own = [session for session in sessions if session.evse == number]
            assert len(own) > 7, "some on each day"
            for earlier, later in pairwise(own):
                assert earlier.ended < later.began
                assert abs(earlier.register_wh(earlier.ended) - later.start_wh) < 0.001
            for session in own:
                assert SINCE <= session.began < session.ended <= UNTIL
                assert 0 < session.power_w <= config.power_w
            meter = Meter(stream(config.seed, "meter", number), phases=config.phases)
            assert abs(own[-1].register_wh(own[-1].ended) - meter.exact_wh) < 0.001, (
                "the fleet goes on from there"
            )


def test_the_log_holds_each_session_once_and_in_the_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    transactions = write_history(path, "gw", STATIONS, TOKENS, since=SINCE, until=UNTIL)
    file = LogFile(path)
    stored = file.read({Partition(TRANSACTIONS.name, number): 0 for number in range(12)}, 100_000)
    file.connection.close()
    events = [envelope.decode(list(one.record.headers), one.record.value or b"") for one in stored]
    started = [event for event in events if isinstance(event, TransactionStarted)]
    ended = [event for event in events if isinstance(event, TransactionEnded)]
    assert len(started) == len(ended) == len(transactions) > 60
    assert {event.transaction.id for event in ended if event.transaction} == transactions
    assert all(one.appended_ms <= UNTIL.timestamp() * 1000 + 600_000 for one in stored)
    for earlier, later in pairwise(sorted(stored, key=lambda one: (one.place.partition, one.place.offset))):
        if earlier.place.partition == later.place.partition:
            assert earlier.appended_ms <= later.appended_ms
