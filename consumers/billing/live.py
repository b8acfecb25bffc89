"""The cost of a session that goes on, as a command to the station that can show it."""

from hashlib import blake2b

import msgspec

from consumers.billing.records import priced
from consumers.billing.sessions.assembly import assembled
from consumers.billing.sessions.closing import Case, Closing, Rules
from consumers.billing.sessions.facts import Border
from consumers.billing.tariffs.model import Tariff
from contract.commands import CostUpdate
from contract.results import CommandRequest
from contract.topics import COMMANDS
from eventlog.port import Record

DEADLINE_SECONDS = 30.0


def cost_so_far(station: str, case: Case, tariff: Tariff, rules: Rules) -> Record:
    """The command that shows the driver what the session costs until the last that was heard of it."""
    facts = case.facts
    so_far = Closing(Border(facts.at_ms, facts.seen_ms, is_timed=True), frozenset())
    metered = assembled(case, so_far, rules).metered
    total = priced(metered, tariff, tariff.currency, metered.started_at).total_cost
    request = CommandRequest(
        id=command_id(station, case.session, facts.seen_ms),
        command=CostUpdate.NAME,
        arguments={
            "transactionId": case.session,
            "totalCost": float(total.excl_vat if total.incl_vat is None else total.incl_vat),
        },
        deadline_seconds=DEADLINE_SECONDS,
    )
    return Record(COMMANDS.name, station, msgspec.json.encode(request))


def command_id(station: str, session: str, seen_ms: int) -> str:
    """The same cost has the same id, however often it is sent."""
    return blake2b(f"{station}\x1f{session}\x1fcost\x1f{seen_ms}".encode(), digest_size=16).hexdigest()
