"""Exact amounts, and their one rounding into what is written down: half up."""

from decimal import Decimal
from fractions import Fraction
from math import floor

OCPI_DECIMALS = 4
"""Of a number in OCPI, where nothing else is said (types §16.5)."""

_HALF = Fraction(1, 2)

_DECIMALS = dict.fromkeys(
    (
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
        "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
    ),
    0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip
"""Of the currencies (ISO 4217) that have not two."""


def decimals(currency: str) -> int:
    """How many decimals an amount of the currency has when it is paid."""
    return _DECIMALS.get(currency, 2)


def rounded(amount: Fraction | int, places: int) -> Decimal:
    """To so many decimals; what is in the middle goes up."""
    return Decimal(floor(amount * 10**places + _HALF)).scaleb(-places)
