"""The values of OCPP 1.6 configuration keys as those of 2.x variables, and back (reference §2.10)."""

from collections.abc import Callable
from typing import NamedTuple

from contract.results import Loss

Losses = tuple[Loss, ...]


class Written(NamedTuple):
    """A value as 1.6 writes it, and what it lost."""

    value: str
    loss: Losses = ()


class Form(NamedTuple):
    """How the value of a key is read, and written for the argument at a path; `read` gives None for none.

    `merge` is there where the key holds the values of several variables: it puts one among the others.
    """

    read: Callable[[str], str | None] = str
    write: Callable[[str, str], Written] = lambda value, _path: Written(value)
    merge: Callable[[str, str], str] | None = None
    write_only: bool = False


AS_IT_IS = Form()

_TRUTHS = {"true": "true", "1": "true", "false": "false", "0": "false"}


def _truth(value: str) -> str:
    """The words true and false; some stations say 1 and 0 (go-e), or True."""
    return _TRUTHS.get(value.strip().casefold(), value)


TRUTH = Form(read=_truth, write=lambda value, _path: Written(_truth(value)))


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


MEASURANDS_16 = frozenset(
    (
        *("Current.Export", "Current.Import", "Current.Offered", "Energy.Active.Export.Interval"),
        *("Energy.Active.Export.Register", "Energy.Active.Import.Interval", "Energy.Active.Import.Register"),
        *(
            "Energy.Reactive.Export.Interval",
            "Energy.Reactive.Export.Register",
            "Energy.Reactive.Import.Interval",
        ),
        *("Energy.Reactive.Import.Register", "Frequency", "Power.Active.Export", "Power.Active.Import"),
        *("Power.Factor", "Power.Offered", "Power.Reactive.Export", "Power.Reactive.Import", "RPM", "SoC"),
        *("Temperature", "Voltage"),
    )
)
"""What 1.6 can measure (OCPP 1.6 §7.31)."""

_NEAREST = {
    "Current.Import.Offered": "Current.Offered",
    "Display.PresentSOC": "SoC",
    "Power.Import.Offered": "Power.Offered",
}
"""Measurands of 2.1 by their like in 1.6 (reference §3.6)."""

_PHASES = ("L1", "L2", "L3", "N")


def _measurand_16(measurand: str) -> str | None:
    """The measurand in 1.6; one of 1.6 may name a phase (Current.Import.L1)."""
    plain, _, phase = measurand.rpartition(".")
    if measurand in MEASURANDS_16 or (phase in _PHASES and plain in MEASURANDS_16):
        return measurand
    return _NEAREST.get(measurand)


def _write_measurands(value: str, path: str) -> Written:
    kept: list[str] = []
    loss: list[Loss] = []
    for measurand in _items(value):
        known = _measurand_16(measurand)
        if known != measurand:
            code = "enum_unmapped" if known is None else "enum_collapsed"
            loss.append(Loss(path=path, code=code, was=measurand, became=known))
        if known is not None and known not in kept:
            kept.append(known)
    return Written(",".join(kept), tuple(loss))


MEASURANDS = Form(read=lambda value: ",".join(_items(value)), write=_write_measurands)

_UNITS = {"current": "A", "power": "W", "amp": "A", "watt": "W"}
_UNITS_16 = {"A": "Current", "W": "Power"}

RATE_UNITS = Form(
    read=lambda value: ",".join(_UNITS.get(unit.casefold(), unit) for unit in _items(value)),
    write=lambda value, _path: Written(",".join(_UNITS_16.get(unit, unit) for unit in _items(value))),
)

PASSWORD = Form(write=lambda value, _path: Written(value.encode().hex()), write_only=True)
"""1.6 has the key in hexadecimal digits (security whitepaper §3.3), 2.x the password itself."""


WRITE_ONLY = Form(write_only=True)


def rotations(value: str) -> dict[int, str]:
    """The phase rotation by connector; 0 is the station's own. What names no connector is none."""
    found = {}
    for item in _items(value):
        number, _, rotation = item.partition(".")
        if number.isascii() and number.isdecimal() and len(number) < 6 and rotation.strip():
            found[int(number)] = rotation.strip()
    return found


def rotation_of(connector: int) -> Form:
    """The phase rotation of one connector, among those of all: "0.RST, 1.RST, 2.RTS"."""

    def merge(current: str, value: str) -> str:
        merged = rotations(current) | {connector: value}
        return ", ".join(f"{number}.{rotation}" for number, rotation in sorted(merged.items()))

    return Form(read=lambda value: rotations(value).get(connector), merge=merge)
