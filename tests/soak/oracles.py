"""What truly happened beside what the consumers made of it, station by station. Pure.

A value may differ from the truth only where the habit of the station hides it, and only if the record carries one of
the flags in `HIDDEN` that say so.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from contract.cdrs import CdrIssued
from simulator.journal import TrueSession
from tests.soak.reading import DAY_MS, Alerted, Outcome
from tests.soak.week import Week

LARGEST_ERROR_WH: Final = 1
"""Registers show whole Wh."""
LARGEST_ERROR: Final = timedelta(seconds=2)
OFFLINE_AFTER: Final = timedelta(minutes=10)

HIDDEN: Final[dict[str, dict[str, frozenset[str]]]] = {
    "unchanging-start": {"start": frozenset({"time_missing"})},
    "never-stops": {
        "end": frozenset({"end_by_status", "end_by_next_start", "end_by_reboot", "end_by_timeout"}),
        "Wh": frozenset({"stop_register_missing"}),
    },
}
"""By habit and value, the flags that say that the station did not tell it."""

LARGEST_BYTES: Final = {"billing.db": 12_000, "monitoring.db": 12_000, "alerting.db": 2_000}
"""A session; see also `EMPTY_BYTES`."""
EMPTY_BYTES: Final = 500_000
LARGEST_MEMORY_MB: Final = 300
"""More, for three consumers in one process that read a week."""


class Verdict(NamedTuple):
    """What an oracle found: how much it compared, and a sentence for each that is wrong."""

    oracle: str
    checked: int
    wrong: list[str]


def judge(week: Week, outcome: Outcome) -> list[Verdict]:
    """All verdicts."""
    pairs, count = _paired(week, outcome)
    habits = {station.id: station.profile.name for station in week.stations}

    def compared(value: str, is_right: Callable[[TrueSession, CdrIssued], bool]) -> Verdict:
        wrong = [
            f"{truth.station} EVSE {truth.connector} {truth.began:%a %H:%M:%S}-{truth.ended:%H:%M:%S} "
            f"{truth.energy_wh:.1f} Wh: {_said(record)}"
            for truth, record in pairs
            if not is_right(truth, record)
            and not HIDDEN.get(habits[truth.station], {}).get(value, frozenset()) & set(record.flags)
        ]
        return Verdict(f"billing: {value}", len(pairs), wrong)

    return [
        Verdict("gateway: faults, messages not delivered", len(week.records), _gateway(week)),
        count,
        compared("Wh", _is_same_energy),
        compared("start", lambda truth, record: abs(truth.began - record.cdr.start_date_time) <= LARGEST_ERROR),
        compared("end", lambda truth, record: abs((truth.ended or truth.began) - record.cdr.end_date_time) <= LARGEST_ERROR),
        compared("token", lambda truth, record: truth.token == record.cdr.cdr_token.uid),
        *_monitoring(week, outcome, _knowable_wh(week, habits, pairs)),
        *_alerting(week, outcome),
        _sizes(week, outcome),
    ]  # fmt: skip


def _gateway(week: Week) -> list[str]:
    wrong = [f"{week.faults:.0f} faults of the gateway"] if week.faults else []
    return wrong + ([f"stations still hold {week.queued} messages"] if week.queued else [])


def _paired(week: Week, outcome: Outcome) -> tuple[list[tuple[TrueSession, CdrIssued]], Verdict]:
    """Each true session with its record: of one EVSE in the order of their ends."""
    truths: dict[tuple[str, str], list[TrueSession]] = defaultdict(list)
    records: dict[tuple[str, str], list[CdrIssued]] = defaultdict(list)
    for truth in week.sessions:
        truths[truth.station, f"{truth.station}*{truth.connector}"].append(truth)
    for record in outcome.records:
        records[record.station, record.cdr.cdr_location.evse_uid].append(record)
    pairs, wrong = [], []
    for place in sorted(truths.keys() | records.keys()):
        true = sorted(truths[place], key=lambda one: one.ended or one.began)
        told = sorted(records[place], key=lambda one: one.cdr.end_date_time)
        if len(true) == len(told):
            pairs += list(zip(true, told, strict=True))
        else:
            wrong.append(f"{place[1]}: {len(told)} records of {len(true)} sessions")
    return pairs, Verdict("billing: one record a session", len(week.sessions), wrong)


def _is_same_energy(truth: TrueSession, record: CdrIssued) -> bool:
    assert truth.stop_wh is not None, "all sessions end with the week"
    return abs(float(record.energy_wh) - (int(truth.stop_wh) - int(truth.start_wh))) <= LARGEST_ERROR_WH


def _said(record: CdrIssued) -> str:
    cdr = record.cdr
    flags = ", ".join(flag for flag in record.flags if flag not in {"location_unknown", "tariff_missing"})
    return f"{record.energy_wh} Wh {cdr.start_date_time:%a %H:%M:%S}-{cdr.end_date_time:%H:%M:%S} [{flags}]"


def _knowable_wh(week: Week, habits: dict[str, str], pairs: list[tuple[TrueSession, CdrIssued]]) -> int:
    """The energy of all sessions; of one whose station hides the end, as far as its record says (judged on its own)."""
    hidden_wh = sum(
        _true_wh(truth) - float(record.energy_wh)
        for truth, record in pairs
        if HIDDEN.get(habits[truth.station], {}).get("Wh", frozenset()) & set(record.flags)
    )
    return round(sum(map(_true_wh, week.sessions)) - hidden_wh)


def _true_wh(truth: TrueSession) -> int:
    return int(truth.stop_wh or 0) - int(truth.start_wh)


def _monitoring(week: Week, outcome: Outcome, true_wh: int) -> Iterable[Verdict]:
    running = [f"{station}: {n} sessions run" for station, n in sorted(outcome.running.items()) if n]
    missing = sorted({station.id for station in week.stations} - outcome.running.keys())
    yield Verdict(
        "monitoring: no session runs", len(week.stations), running + [f"{one}: unknown" for one in missing]
    )
    days = {day for day in outcome.days} | {_day(one.began.timestamp()) for one in week.sessions}  # noqa: C416
    started = Counter(_day(one.began.timestamp()) for one in week.sessions)
    ended = Counter(_day(one.ended.timestamp()) for one in week.sessions if one.ended)
    for count, truth in (("sessions_started", started), ("sessions_ended", ended)):
        wrong = [
            f"day {(day - min(days)) // DAY_MS}: {told} for {truth[day]}"
            for day in sorted(days)
            if (told := outcome.days.get(day, {}).get(count, 0)) != truth[day]
        ]
        yield Verdict(f"monitoring: {count} by day", len(days), wrong)
    told_wh = sum(day["energy_wh"] for day in outcome.days.values())
    is_wrong = abs(told_wh - true_wh) > LARGEST_ERROR_WH * len(week.sessions)
    yield Verdict(
        "monitoring: Wh of all days", len(week.sessions), [f"{told_wh} Wh for {true_wh}"] if is_wrong else []
    )


def _day(seconds: float) -> int:
    return int(seconds * 1000) // DAY_MS * DAY_MS


def _alerting(week: Week, outcome: Outcome) -> Iterable[Verdict]:
    raised = [alert for alert in outcome.alerts if alert.name == "alert.raised"]
    causes = [one for one in week.outages if one.ended - one.began >= OFFLINE_AFTER]
    without_cause = [
        f"{alert.rule} of {alert.station} since {alert.since:%a %H:%M:%S}"
        for alert in raised
        if not _has_lost_end(week, alert)
        and (
            alert.rule != "StationOffline"
            or not any(
                one.station == alert.station and abs(one.began - alert.since) <= LARGEST_ERROR
                for one in causes
            )
        )
    ]
    yield Verdict("alerting: each alert has its cause", len(raised), without_cause)
    offline = [alert for alert in raised if alert.rule == "StationOffline"]
    without_alert = [
        f"{one.station} was offline at {one.began:%a %H:%M:%S}"
        for one in causes
        if not any(alert.station == one.station and abs(one.began - alert.since) <= LARGEST_ERROR for alert in offline)
    ]  # fmt: skip
    yield Verdict("alerting: each cause has its alert", len(causes), without_alert)
    yield Verdict("alerting: none stands at the end", len(raised), _standing(week, outcome))


def _has_lost_end(week: Week, alert: Alerted) -> bool:
    """Whether it is about the silence of a session whose end the station never tells."""
    habits = {station.id: station.profile for station in week.stations}
    return (
        alert.rule == "SessionSilent"
        and habits[alert.station].never_stops
        and any(
            one.station == alert.station and one.began <= alert.since <= (one.ended or one.began)
            for one in week.sessions
        )
    )


def _standing(week: Week, outcome: Outcome) -> list[str]:
    """The alerts that stand after the week. The last session of a connector whose ends are never told is silent for ever."""
    for_ever = {
        ("SessionSilent", station.id): station.connectors
        for station in week.stations
        if station.profile.never_stops
    }
    open_alerts: Counter[tuple[str, str]] = Counter()
    for alert in outcome.alerts:
        open_alerts[alert.rule, alert.station] += {"alert.raised": 1, "alert.resolved": -1}.get(alert.name, 0)
    return [
        f"{rule} of {station} ({n})"
        for (rule, station), n in sorted(open_alerts.items())
        if n > for_ever.get((rule, station), 0)
    ]


def _sizes(week: Week, outcome: Outcome) -> Verdict:
    sessions = len(week.sessions)
    wrong = [
        f"{name}: {outcome.bytes_of[name]} bytes for {sessions} sessions"
        for name, each in LARGEST_BYTES.items()
        if outcome.bytes_of[name] > EMPTY_BYTES + each * sessions
    ]
    if outcome.memory_mb > LARGEST_MEMORY_MB:
        wrong.append(f"{outcome.memory_mb:.0f} MB of memory")
    return Verdict("sizes: databases and memory", len(LARGEST_BYTES) + 1, wrong)


def table(verdicts: Sequence[Verdict], most: int = 20) -> str:
    """The verdicts as a table (oracle, checked, wrong), and below it what is wrong, of each oracle the first so many."""
    lines = [f"{'oracle':42} {'checked':>8} {'wrong':>6}"]
    lines += [f"{one.oracle:42} {one.checked:8} {len(one.wrong):6}" for one in verdicts]
    for one in verdicts:
        lines += [f"{one.oracle}: {sentence}" for sentence in one.wrong[:most]]
    return "\n".join(lines)
