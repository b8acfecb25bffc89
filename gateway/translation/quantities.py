"""What is measured and in which unit: the measurands of all versions, and the way to base units (reference §3.6)."""

from collections.abc import Callable
from decimal import Context, Decimal
from typing import NamedTuple

from contract.model import DEFAULT_CONTEXT, DEFAULT_LOCATION

DEFAULT_MEASURAND = "Energy.Active.Import.Register"
DEFAULT_UNIT = "Wh"
"""What the schemas of OCPP say is meant where a station says nothing."""

NATURAL_UNITS: dict[str, str | None] = {
    "Current.Export": "A",
    "Current.Export.Minimum": "A",
    "Current.Export.Offered": "A",
    "Current.Import": "A",
    "Current.Import.Minimum": "A",
    "Current.Import.Offered": "A",
    "Current.Offered": "A",
    "Display.BatteryEnergyCapacity": "Wh",
    "Display.ChargingComplete": None,
    "Display.InletHot": None,
    "Display.MaximumSOC": "Percent",
    "Display.MinimumSOC": "Percent",
    "Display.PresentSOC": "Percent",
    "Display.RemainingTimeToMaximumSOC": "s",
    "Display.RemainingTimeToMinimumSOC": "s",
    "Display.RemainingTimeToTargetSOC": "s",
    "Display.TargetSOC": "Percent",
    "Energy.Active.Export.Interval": "Wh",
    "Energy.Active.Export.Register": "Wh",
    "Energy.Active.Import.CableLoss": "Wh",
    "Energy.Active.Import.Interval": "Wh",
    "Energy.Active.Import.LocalGeneration.Register": "Wh",
    "Energy.Active.Import.Register": "Wh",
    "Energy.Active.Net": "Wh",
    "Energy.Active.Setpoint.Interval": "Wh",
    "Energy.Apparent.Export": "VAh",
    "Energy.Apparent.Import": "VAh",
    "Energy.Apparent.Net": "VAh",
    "Energy.Reactive.Export.Interval": "varh",
    "Energy.Reactive.Export.Register": "varh",
    "Energy.Reactive.Import.Interval": "varh",
    "Energy.Reactive.Import.Register": "varh",
    "Energy.Reactive.Net": "varh",
    "EnergyRequest.Bulk": "Wh",
    "EnergyRequest.Maximum": "Wh",
    "EnergyRequest.Maximum.V2X": "Wh",
    "EnergyRequest.Minimum": "Wh",
    "EnergyRequest.Minimum.V2X": "Wh",
    "EnergyRequest.Target": "Wh",
    "Frequency": "Hz",
    "Power.Active.Export": "W",
    "Power.Active.Import": "W",
    "Power.Active.Residual": "W",
    "Power.Active.Setpoint": "W",
    "Power.Export.Minimum": "W",
    "Power.Export.Offered": "W",
    "Power.Factor": None,
    "Power.Import.Minimum": "W",
    "Power.Import.Offered": "W",
    "Power.Offered": "W",
    "Power.Reactive.Export": "var",
    "Power.Reactive.Import": "var",
    "RPM": "RPM",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "Voltage": "V",
    "Voltage.Maximum": "V",
    "Voltage.Minimum": "V",
}
"""Every measurand of 1.6, 2.0.1 and 2.1, and the unit that is meant where none is sent.

Not the schemas' Wh for all: stations leave the unit out with power and voltage too (lbbrhzn/ocpp #1989).
"""

CONTEXTS = (
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    DEFAULT_CONTEXT,
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
)
PHASES = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")
LOCATIONS = ("Body", "Cable", "EV", "Inlet", DEFAULT_LOCATION, "Upstream")

_EXACT = Context(prec=100, traps=[])
"""More digits than any two numbers we let in need together; raises nothing."""

_ZERO = Decimal(0)
_ICE_POINT_KELVIN = Decimal("273.15")
_MILLI = Decimal("0.001")


class Unit(NamedTuple):
    """A unit as stations write it: what base unit it is, and how many powers of ten larger."""

    name: str | None
    exponent: int = 0
    convert: Callable[[Decimal], Decimal] | None = None


def scaled(value: Decimal, exponent: int) -> Decimal:
    """The value times a power of ten, exactly, with no digit more or less than was measured."""
    return _EXACT.add(_EXACT.scaleb(value, exponent), _ZERO)  # the sum writes 1.2E+4 as 12000


def _from_kelvin(value: Decimal) -> Decimal:
    return _EXACT.subtract(value, _ICE_POINT_KELVIN)


def _from_fahrenheit(value: Decimal) -> Decimal:
    """To a thousandth: ninths have no end, and no station measures finer."""
    return _EXACT.quantize((value - 32) * 5 / 9, _MILLI)


_CELSIUS = Unit("Celsius")
_HERTZ = Unit("Hz")
_PERCENT = Unit("Percent")

UNITS: dict[str, Unit] = {
    "wh": Unit("Wh"),
    "kwh": Unit("Wh", 3),
    "varh": Unit("varh"),
    "kvarh": Unit("varh", 3),
    "vah": Unit("VAh"),
    "kvah": Unit("VAh", 3),
    "w": Unit("W"),
    "kw": Unit("W", 3),
    "va": Unit("VA"),
    "kva": Unit("VA", 3),
    "var": Unit("var"),
    "kvar": Unit("var", 3),
    "a": Unit("A"),
    "v": Unit("V"),
    "k": Unit("Celsius", convert=_from_kelvin),
    "fahrenheit": Unit("Celsius", convert=_from_fahrenheit),
    "celsius": _CELSIUS,
    "celcius": _CELSIUS,
    "c": _CELSIUS,
    "°c": _CELSIUS,
    "percent": _PERCENT,
    "%": _PERCENT,
    "hertz": _HERTZ,
    "hz": _HERTZ,
    **{
        name.casefold(): Unit(name)
        for name in ("ASU", "B", "dB", "dBm", "Deg", "kPa", "lx", "m", "ms2", "N", "Ohm", "RH", "RPM", "s")
    },
}
"""By the unit's text in lower case: stations write it in every case (quirk 17). MWh stands not here:
in lower case nobody can tell it from mWh."""

UNITS_OF_16 = frozenset(
    (
        *("Wh", "kWh", "varh", "kvarh", "W", "kW", "VA", "kVA", "var", "kvar", "A", "V"),
        *("K", "Celcius", "Celsius", "Fahrenheit", "Percent", "Hertz"),
    )
)
"""The units that 1.6 knows; what else a 1.6 station writes is a quirk, also where we understand it."""
