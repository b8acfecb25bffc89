"""No profile ever allows more at the station than its writer allowed."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.commands import ChargingProfileSet
from gateway.translation.outbound.plan import Outbound
from gateway.translation.outbound.v2x import OUTBOUND_21, OUTBOUND_201
from tests.translation.outbound import golden

LIMITS = st.floats(0, 10**6) | st.integers(0, 10**6) | st.decimals(0, 10**6, places=1).map(float)


def sent(version: str, outbound: Outbound, period: dict[str, Any]) -> dict[str, Any]:
    profile = {"chargingSchedule": [{"chargingSchedulePeriod": [period]}]}
    command = ChargingProfileSet(evse_id=1, charging_profile=profile)
    ask = next(outbound[ChargingProfileSet](command, golden.target(version)))
    (made,) = ask.payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert profile == {"chargingSchedule": [{"chargingSchedulePeriod": [period]}]}, (
        "the command is not changed"
    )
    found: dict[str, Any] = made
    return found


@pytest.mark.parametrize(
    ("version", "outbound", "step"),
    [("2.0.1", OUTBOUND_201, Decimal("0.1")), ("2.1", OUTBOUND_21, Decimal("0.000001"))],
)
@given(limit=LIMITS)
def test_a_limit_is_cut_to_its_digits_and_never_rounded_up(
    version: str, outbound: Outbound, step: Decimal, limit: float
) -> None:
    exact = Decimal(str(limit))
    became = Decimal(str(sent(version, outbound, {"limit": limit})["limit"]))
    assert exact - step < became <= exact
    assert became % step == 0
    if exact % step == 0:
        assert became == exact


@given(limit=LIMITS, second=st.none() | LIMITS, third=st.none() | LIMITS)
def test_one_limit_for_three_phases_is_that_of_the_lowest(
    limit: float, second: float | None, third: float | None
) -> None:
    said = {"limit": limit, "limit_L2": second, "limit_L3": third}
    period = {name: value for name, value in said.items() if value is not None}
    made = sent("2.0.1", OUTBOUND_201, period)
    assert made.keys() == {"limit"}
    assert made["limit"] <= min(period.values())


@given(st.floats(-(10**6), 0))
def test_a_limit_of_discharging_is_cut_towards_zero(limit: float) -> None:
    made = sent("2.1", OUTBOUND_21, {"dischargeLimit": limit})
    assert limit <= made["dischargeLimit"] <= 0
