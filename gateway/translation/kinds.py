"""Kinds of samples: all that can be known of a sample without its number, worked out once and kept.

The hot path: a message holds up to dozens of samples, and stations say the same few kinds of them all
day. What words and unit mean is found once for each kind and kept as a template; a further sample of
the kind costs one look-up, one Decimal and one copy.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace

from contract.model import DEFAULT_CONTEXT, DEFAULT_LOCATION, RawReading, Sample
from gateway.translation.quantities import (
    CONTEXTS,
    DEFAULT_MEASURAND,
    DEFAULT_UNIT,
    LOCATIONS,
    NATURAL_UNITS,
    PHASES,
    UNITS,
    UNITS_OF_16,
    Unit,
    scaled,
)
from gateway.translation.readers import finder, same
from gateway.translation.table import Reading
from gateway.translation.values import MOST_DIGITS, as_integer, as_text

_find_measurand = finder(same(*NATURAL_UNITS))
_find_context = finder(same(*CONTEXTS))
_find_phase = finder(same(*PHASES))
_find_location = finder(same(*LOCATIONS))


class Words(NamedTuple):
    """What a station wrote beside the number: any JSON in each place."""

    is_16: bool
    measurand: Any
    unit: Any
    context: Any
    phase: Any
    location: Any
    multiplier: Any = None

    def are_known(self) -> bool:
        """Whether all are exactly OCPP's, so that reading them again would note nothing."""
        return (
            (self.measurand is None or (type(self.measurand) is str and self.measurand in NATURAL_UNITS))
            and (self.unit is None or (type(self.unit) is str and self.unit.casefold() in UNITS))
            and (self.context is None or self.context in CONTEXTS)
            and (self.phase is None or self.phase in PHASES)
            and (self.location is None or self.location in LOCATIONS)
            and (self.multiplier is None or type(self.multiplier) is int)
        )


class Kind:
    """How to make a sample of this kind."""

    __slots__ = (
        "_convert",
        "_exponent",
        "_multiplier",
        "_unit_text",
        "exact",
        "guessed",
        "quirk",
        "template",
    )

    def __init__(self, template: Sample, unit: Unit, unit_text: str | None, multiplier: int | None) -> None:
        self.template = template
        self._exponent = unit.exponent + (multiplier or 0)
        self._convert = unit.convert
        self._unit_text = unit_text
        self._multiplier = multiplier or None
        self.quirk: str | None = None
        self.guessed = unit_text is None and unit.name not in (None, DEFAULT_UNIT)
        """Whether the unit is the measurand's natural one, where the schemas would say Wh."""
        self.exact = self._multiplier is None and unit_text in (None, template.unit)
        """Whether the sample says by itself all that was written, number aside."""

    def sample(self, value: Decimal | None, written: str | None, when: datetime | None) -> Sample:
        """One of this kind. `written` is the value's text, where the number alone would lose it."""
        if written is None and self.exact:
            return replace(self.template, value=value, at=when)
        raw = RawReading(
            value=str(value) if written is None and value is not None else written,
            unit=self._unit_text,
            multiplier=self._multiplier,
        )
        if value is not None:
            value = self._in_base_unit(value)
        return replace(self.template, value=value, at=when, raw=raw)

    def _in_base_unit(self, value: Decimal) -> Decimal | None:
        if abs(self._exponent) > MOST_DIGITS:
            return None
        if self._exponent:
            value = scaled(value, self._exponent)
        return self._convert(value) if self._convert else value


def kind_of(words: tuple[Any, ...], reading: Reading) -> Kind:
    """The kind of sample that these `Words` say; any other tuple of the same values will do."""
    try:
        kind = _KINDS[words]
    except (KeyError, TypeError):  # TypeError: a list or object where a word should be
        kind = _new_kind(Words(*words), reading)
    if kind.quirk is not None:
        reading.quirk(kind.quirk)
    if kind.guessed:
        reading.infer("samples.unit")
    return kind


_KINDS: dict[tuple[Any, ...], Kind] = {}
_MOST_KINDS = 20_000
"""The kinds met so far: only those of known words, and so many at most. What stations write must not
grow our memory."""


def _new_kind(words: Words, reading: Reading) -> Kind:
    measurand = _word(words.measurand, _find_measurand, DEFAULT_MEASURAND, reading)
    unit_text = as_text(words.unit, reading) or None
    folded = (unit_text or "").strip().casefold()
    unit = UNITS.get(folded) or Unit(unit_text or NATURAL_UNITS.get(measurand))
    template = Sample(
        measurand=measurand,
        unit=unit.name,
        context=_word(words.context, _find_context, DEFAULT_CONTEXT, reading),
        phase=None if words.phase is None else _find_phase(words.phase, reading),
        location=_word(words.location, _find_location, DEFAULT_LOCATION, reading),
    )
    multiplier = None if words.multiplier is None else as_integer(words.multiplier, reading)
    kind = Kind(template, unit, unit_text, multiplier)
    if multiplier and abs(multiplier) > MOST_DIGITS:
        kind.quirk = "multiplier_unusable"
    elif unit_text and (folded not in UNITS or (words.is_16 and unit_text not in UNITS_OF_16)):
        kind.quirk = "unit_unknown"
    if words.are_known() and len(_KINDS) < _MOST_KINDS:
        _KINDS[tuple(words)] = kind
    return kind


def _word(value: Any, find: Any, default: str, reading: Reading) -> str:
    """A word, its default where there is none, or "Unknown" for what is no word at all."""
    if value is None:
        return default
    found: str | None = find(value, reading)
    return found or "Unknown"
