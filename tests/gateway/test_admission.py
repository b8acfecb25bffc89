"""The judgement on a handshake, as tables."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import STATION_ID, Admitted, Handshake, Refused, Rules, admit, assumed
from gateway.ocpp.versions import V16, V21, V201, Version

RULES = Rules(paths=("/ocpp",), assume=V16, max_connections=10)


def judged(
    raw_path: str = "/ocpp/CS-1",
    subprotocols: tuple[str, ...] = ("ocpp1.6",),
    *,
    is_websocket: bool = True,
    rules: Rules = RULES,
    connections: int = 0,
    draining: bool = False,
) -> Admitted | Refused:
    return admit(Handshake(raw_path, subprotocols, is_websocket), rules, connections, draining=draining)


@pytest.mark.parametrize(
    ("offered", "version", "subprotocol"),
    [
        (("ocpp1.6",), V16, "ocpp1.6"),
        (("ocpp2.0.1",), V201, "ocpp2.0.1"),
        (("ocpp2.1",), V21, "ocpp2.1"),
        (("ocpp2.1", "ocpp1.6"), V21, "ocpp2.1"),
        (("ocpp1.6", "ocpp2.1"), V16, "ocpp1.6"),
        (("ocpp2.0", "ocpp2.0.1"), V201, "ocpp2.0.1"),
        (("soap", "ocpp1.5", "ocpp1.6"), V16, "ocpp1.6"),
        ((), V16, None),
    ],
)
def test_the_stations_order_decides_the_version(
    offered: tuple[str, ...], version: Version, subprotocol: str | None
) -> None:
    assert judged(subprotocols=offered) == Admitted("CS-1", version, subprotocol)


@pytest.mark.parametrize("offered", [("ocpp1.5",), ("ocpp2.0",), ("mqtt", "ocpp")])
def test_who_speaks_nothing_we_know_is_told_so_after_the_upgrade(offered: tuple[str, ...]) -> None:
    verdict = judged(subprotocols=offered)
    assert isinstance(verdict, Refused)
    assert (verdict.result, verdict.after_upgrade) == ("no_subprotocol", True)
    assert "ocpp2.0.1" in verdict.why


@pytest.mark.parametrize(("name", "version"), [("1.6", V16), ("2.0.1", V201), ("2.1", V21)])
def test_who_offers_nothing_is_taken_for_what_the_setting_says(name: str, version: Version) -> None:
    rules = Rules(paths=("/ocpp",), assume=assumed(name), max_connections=10)
    assert judged(subprotocols=(), rules=rules) == Admitted("CS-1", version, None)


def test_who_offers_nothing_is_refused_where_the_setting_says_so() -> None:
    verdict = judged(
        subprotocols=(), rules=Rules(paths=("/ocpp",), assume=assumed("none"), max_connections=10)
    )
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.result, verdict.after_upgrade) == (400, "no_subprotocol", False)


@pytest.mark.parametrize(
    ("raw", "station"),
    [
        ("CS-1", "CS-1"),
        ("a", "a"),
        ("A" * 48, "A" * 48),
        ("RDAM%7C123", "RDAM|123"),
        ("RDAM|123", "RDAM|123"),
        ("%43%53", "CS"),
        ("a*b-c_d=e:f+g%7Ch@i.j", "a*b-c_d=e:f+g|h@i.j"),
        ("%41" * 48, "A" * 48),
        ("CS-1/", "CS-1"),
        ("CS-1?token=x/y", "CS-1"),
        ("a+b", "a+b"),
    ],
)
def test_the_station_id_is_decoded_once(raw: str, station: str) -> None:
    assert judged(f"/ocpp/{raw}") == Admitted(station, V16, "ocpp1.6")


BAD_IDS = [
    "",
    "/",
    "//",
    "A" * 65,
    "A" * 5000,
    "%41" * 65,
    "a%2Fb",
    "a/b",
    "%2541",
    "a%0D%0Ab",
    "a%00",
    "a%0A",
    "a%20",
    "%20a",
    "%20",
    ".",
    "..",
    "%2e%2e",
    "%C3%A9",
    "é",
    "%FF",
    "a\udcff",
    "a%",
    "%zz",
    "..%2f..",
    "a;b",
    "<script>",
    "a#b",
    "a\n",
]


@pytest.mark.parametrize("raw", BAD_IDS)
def test_what_is_no_station_id_is_refused_in_clear_words(raw: str) -> None:
    verdict = judged(f"/ocpp/{raw}")
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.result) == (400, "bad_station_id")
    assert "1 to 64 characters" in verdict.why


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ocpp",
        "/ocppx/CS-1",
        "/other/CS-1",
        "",
        "*",
        "http://h/other/CS-1",
        "ftp://h/ocpp/CS-1",
        "h:80",
        "http://",
    ],
)
def test_another_path_is_not_found(path: str) -> None:
    verdict = judged(path)
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.result) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "/", "/a", "/a/b.c"])
def test_the_path_is_a_setting(path: str) -> None:
    rules = Rules(paths=(path,), assume=V16, max_connections=10)
    assert judged(path.rstrip("/") + "/CS-1", rules=rules) == Admitted("CS-1", V16, "ocpp1.6")


def test_what_is_no_upgrade_is_told_so() -> None:
    verdict = judged(is_websocket=False)
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.result) == (426, "no_upgrade")


def test_a_gateway_that_goes_away_takes_nobody_in() -> None:
    verdict = judged(draining=True)
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.result) == (503, "draining")
    assert verdict.retry_after_seconds


@pytest.mark.parametrize(("connections", "admitted"), [(9, True), (10, False), (11, False)])
def test_a_full_gateway_takes_nobody_in(connections: int, *, admitted: bool) -> None:
    verdict = judged(connections=connections)
    assert isinstance(verdict, Admitted) == admitted
    if isinstance(verdict, Refused):
        assert (verdict.status, verdict.result) == (503, "overload")
        assert verdict.retry_after_seconds


@given(st.text(), st.lists(st.text(), max_size=3))
def test_every_handshake_is_judged_without_fault(tail: str, subprotocols: list[str]) -> None:
    verdict = judged("/ocpp/" + tail, tuple(subprotocols))
    if isinstance(verdict, Admitted):
        assert STATION_ID.fullmatch(verdict.station)


ODD = [
    ("/ocpp/RDAM%20123", "ocpp1.6", Admitted("RDAM 123", V16, "ocpp1.6", ("station_id_space",))),
    ("/ocpp/" + "A" * 48, "ocpp1.6", Admitted("A" * 48, V16, "ocpp1.6")),
    ("/ocpp/" + "A" * 51, "ocpp1.6", Admitted("A" * 51, V16, "ocpp1.6", ("station_id_long",))),
    ("/ocpp/" + "%41" * 64, "ocpp1.6", Admitted("A" * 64, V16, "ocpp1.6", ("station_id_long",))),
    ("//ocpp///CS-1", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6", ("path_slashes",))),
    ("/ocpp//CS-1/", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6", ("path_slashes",))),
    ("http://h:9000/ocpp/CS-1?a=b", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6")),
    ("WSS://user@h/ocpp/CS-1", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6")),
    ("/old/system/CS-1", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6", ("path_other",))),
    ("/ocpp/deep/CS-1", "ocpp1.6", Admitted("CS-1", V16, "ocpp1.6", ("path_other",))),
    ("/ocpp/CS-1", "OCPP1.6", Admitted("CS-1", V16, "OCPP1.6", ("subprotocol_case",))),
    ("/ocpp/CS-1", "Ocpp2.0.1", Admitted("CS-1", V201, "Ocpp2.0.1", ("subprotocol_case",))),
]


@pytest.mark.parametrize(("target", "offered", "admitted"), ODD)
def test_odd_handshakes_are_taken_and_named(target: str, offered: str, admitted: Admitted) -> None:
    rules = Rules(paths=("/ocpp", "/old/system", "/ocpp/deep"), assume=V16, max_connections=10)
    assert judged(target, (offered,), rules=rules) == admitted


def test_every_code_of_a_handshake_is_documented_and_tried() -> None:
    page = (
        (Path(__file__).parents[2] / "docs" / "quirks.md")
        .read_text()
        .partition("| code of the handshake |")[2]
    )
    documented = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert documented == {code for _, _, admitted in ODD for code in admitted.quirks}
