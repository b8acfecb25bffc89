"""Every golden verdict holds, for all versions, and is lawful to the `ocpp` package."""

from typing import get_args

import pytest

from contract.model import AuthorizationStatus
from tests.gateway.decisions import verdicts
from tests.translation.golden import TABLES, is_lawful_answer

CASES = [
    pytest.param(case, version, id=f"{case.case}-{version}") for case in verdicts.read() for version in TABLES
]


@pytest.mark.parametrize(("case", "version"), CASES)
def test_case(case: verdicts.Case, version: str) -> None:
    assert verdicts.told(case, version) == case.told[version]
    assert is_lawful_answer(version, "Authorize", verdicts.answer(case, version))
    assert (case.known is None) is not (case.decided is None)


def test_every_verdict_is_shown() -> None:
    decided = {case.decided.status for case in verdicts.read() if case.decided is not None}
    assert decided == set(get_args(AuthorizationStatus))
