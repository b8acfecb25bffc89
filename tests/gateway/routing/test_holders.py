"""Who holds a station after any history of its presence, and who must be told what."""

from datetime import UTC, datetime, timedelta

import pytest

from contract.deliveries import CloseConnection, RestatePresence
from contract.presence import GATEWAY_LOST, Presence
from gateway.routing.holders import Holders, Letter

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GATEWAY_OF = {"a": "A", "a2": "A", "b": "B", "c": "C"}


def on(connection: str, *, restated: bool = False, minutes: int = 0) -> Presence:
    since = BEGAN + timedelta(minutes=minutes)
    return Presence(
        online=True,
        gateway=GATEWAY_OF[connection],
        connection=connection,
        version="2.1",
        since=since,
        restated=restated,
    )


def off(connection: str, reason: str = "client") -> Presence:
    return Presence(
        online=False,
        gateway=GATEWAY_OF[connection],
        connection=connection,
        version="2.1",
        since=BEGAN,
        reason=reason,
    )


def after(*history: Presence | None) -> tuple[str | None, list[Letter]]:
    """The connection that holds the station, and the letters not yet given."""
    holders = Holders()
    for said in history:
        holders.hear("S", said)
    held = holders.get("S")
    assert holders.online == (held is not None)
    assert holders.gateways == ([held.gateway] if held is not None else [])
    return (held.connection if held is not None else None), holders.letters()


def close(connection: str) -> Letter:
    return GATEWAY_OF[connection], CloseConnection(station="S", connection=connection)


def restate(connection: str, *, was_lost: bool = False) -> Letter:
    asked = RestatePresence(station="S", connection=connection, was_lost=was_lost)
    return GATEWAY_OF[connection], asked


@pytest.mark.parametrize(
    ("history", "owner", "letters"),
    [
        ((), None, []),
        ((on("a"),), "a", []),
        ((on("a"), off("a")), None, []),
        (
            (on("a"), None),
            "a",
            [restate("a")],
        ),  # a tombstone is no gateway's: its owner says again that it is there
        ((on("a"), on("a")), "a", []),
        # the newest owns it, and the one before is told, unless it has ended by itself
        ((on("a"), on("b")), "b", [close("a")]),
        ((on("a"), on("b"), on("c")), "c", [close("a"), close("b")]),
        ((on("a"), off("a"), on("b")), "b", []),
        ((on("a"), on("b"), on("b", restated=True), off("a")), "b", [restate("b")]),
        ((on("a"), on("a2")), "a2", []),  # its own gateway knows by itself
        # a late end never touches the owner; the owner is asked to be the last word again
        ((on("a"), on("b"), off("a")), "b", [restate("b")]),
        ((on("a"), on("b"), off("a"), on("b", restated=True)), "b", []),
        ((on("a"), on("b"), off("a"), on("c")), "c", [close("b")]),
        ((on("a"), on("b"), off("a"), off("b")), None, []),
        ((off("b"), off("a")), None, []),
        # what is said again competes by when it began
        ((on("a"), on("b", minutes=5), on("a", restated=True)), "b", [close("a"), restate("b")]),
        ((on("a"), on("b", restated=True, minutes=5)), "b", [close("a")]),
        ((on("a", restated=True),), "a", []),
        ((on("a"), off("a"), on("a", restated=True)), "a", []),
        # declared lost: it may come back, and then as good as it was
        ((on("a"), off("a", GATEWAY_LOST)), None, []),
        ((on("a"), off("a", GATEWAY_LOST), on("a", restated=True)), "a", []),
        ((on("a"), off("a", GATEWAY_LOST), on("b")), "b", [close("a")]),
        (
            (on("a"), off("a", GATEWAY_LOST), on("b"), on("a", restated=True)),
            "b",
            [close("a"), restate("b")],
        ),
        ((on("a"), off("a", GATEWAY_LOST), off("a", "drain")), None, []),
        ((off("a", GATEWAY_LOST),), None, []),
    ],
)
def test_who_holds_it(history: tuple[Presence, ...], owner: str | None, letters: list[Letter]) -> None:
    assert after(*history) == (owner, letters)


def test_letters_are_given_once() -> None:
    holders = Holders()
    for said in (on("a"), on("b")):
        holders.hear("S", said)
    assert holders.letters() == [close("a")]
    assert holders.letters() == []


def test_a_gateway_that_is_heard_again_is_asked_for_what_was_declared() -> None:
    holders = Holders()
    holders.hear("S", on("a"))
    holders.hear("T", on("a2"))
    holders.hear("S", off("a", GATEWAY_LOST))
    holders.found("B")
    assert holders.letters() == []
    holders.found("A")
    assert holders.letters() == [restate("a", was_lost=True)]


def test_what_its_gateway_says_is_gone_is_gone_at_once() -> None:
    holders = Holders()
    holders.hear("S", on("a"))
    holders.drop("S", "b")
    assert holders.get("S") is not None
    holders.drop("S", "a")
    assert holders.get("S") is None
    assert holders.online == 0


def test_the_stations_of_a_gateway() -> None:
    holders = Holders()
    for station, connection in (("S", "a"), ("T", "a2"), ("U", "b")):
        holders.hear(station, on(connection))
    assert [(station, held.connection) for station, held in holders.of("A")] == [("S", "a"), ("T", "a2")]
