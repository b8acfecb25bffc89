"""Which tariff a session has: the most specific of those that are for it and in force when it begins.

A token counts for more than a station, a station for more than a group of stations, and what names several
for more than what names one of them. Of what is equally specific the first in the book counts.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from consumers.billing.tariffs.book import Assignment, TariffBook
from consumers.billing.tariffs.model import Tariff
from contract.tokens import folded


class Occasion(NamedTuple):
    """A session that begins: where, when, and who. `tokens` are the idToken and the groups it belongs to."""

    station: str
    started_at: datetime
    groups: Collection[str] = ()
    tokens: Collection[str] = ()


def chosen(book: TariffBook, occasion: Occasion) -> Tariff | None:
    """The tariff of the session, None where none is for it. It keeps it to its end, whatever happens meanwhile."""
    tokens = {folded(token) for token in occasion.tokens}
    meant = [assignment for assignment in book.assignments if _is_for(assignment, occasion, tokens)]
    for assignment in sorted(meant, key=_rank):
        tariff = in_force(book, assignment.tariff, occasion.started_at)
        if tariff is not None:
            return tariff
    return None


def in_force(book: TariffBook, tariff_id: str, at: datetime) -> Tariff | None:
    """The version of a tariff that counts at a moment: of those in force the one that came into force last."""
    versions = [
        tariff
        for tariff in book.tariffs
        if tariff.id == tariff_id
        and (tariff.start_date_time is None or tariff.start_date_time <= at)
        and (tariff.end_date_time is None or at < tariff.end_date_time)
    ]
    versions.sort(key=lambda tariff: (tariff.start_date_time is not None, tariff.start_date_time))
    return versions[-1] if versions else None


def _is_for(assignment: Assignment, occasion: Occasion, tokens: set[str]) -> bool:
    return (
        (not assignment.stations or occasion.station in assignment.stations)
        and (not assignment.groups or not set(assignment.groups).isdisjoint(occasion.groups))
        and (not assignment.tokens or any(folded(token) in tokens for token in assignment.tokens))
    )


def _rank(assignment: Assignment) -> tuple[bool, bool, bool]:
    """The lowest counts first."""
    return not assignment.tokens, not assignment.stations, not assignment.groups
