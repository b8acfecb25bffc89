"""What the consumers of a demo have made of it, told by what they publish: records with a price, and alerts."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Json = Mapping[str, Any]


@dataclass
class Outcome:
    """Grows by `see`, event by event."""

    sessions: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """The energy (Wh) of each session that has a record, by station and transaction id."""
    credits: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    """What had to be guessed, and in how many records."""
    costs: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """What all records come to with VAT, by currency."""
    raised: Counter[str] = field(default_factory=Counter)
    """How many alerts were raised, by rule."""
    standing: set[str] = field(default_factory=set)
    """The alerts that are not resolved."""

    def see(self, event: Json) -> None:
        """Take one structured CloudEvent in."""
        data: Any = event.get("data")
        match event.get("type"):
            case "billing.cdr.issued":
                self.sessions[data["station"], data["transaction_id"]] = Decimal(str(data["energy_wh"]))
                self.flags.update(data.get("flags", ()))
                self._add_cost(data["cdr"])
            case "billing.cdr.credited":
                self.credits += 1
                self._add_cost(data["cdr"])
            case "ocpp.alert.raised":
                self.raised[data["rule"]] += 1
                self.standing.add(data["alert"])
            case "ocpp.alert.resolved":
                self.standing.discard(data["alert"])

    @property
    def cost(self) -> str:
        """Like 12.34 EUR."""
        return ", ".join(f"{amount:.2f} {currency}" for currency, amount in sorted(self.costs.items()))

    def in_a_line(self) -> str:
        """What stands now."""
        records = f"{len(self.sessions)} priced records, {self.cost or 'no cost yet'}"
        return f"{records}; {self.raised.total()} alerts raised, {len(self.standing)} standing"

    def _add_cost(self, cdr: Json) -> None:
        cost = cdr["total_cost"]
        self.costs[cdr["currency"]] += Decimal(str(cost.get("incl_vat", cost["excl_vat"])))
