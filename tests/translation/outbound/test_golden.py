"""Every golden case of the commands holds, for all versions."""

import pytest

from tests.translation.outbound import golden
from tests.translation.outbound.golden import Case

CASES = [
    pytest.param(version, name, case, id=f"{version}-{name}-{case.case}")
    for version, name in golden.names()
    for case in golden.read(version, name)
]


@pytest.mark.parametrize(("version", "name", "case"), CASES)
def test_case(version: str, name: str, case: Case) -> None:
    calls, outcome = golden.run(version, name, case)
    assert calls == case.calls
    assert outcome == case.outcome
    assert outcome is None or golden.has_shape(outcome)


def test_names_are_unique() -> None:
    for version, name in golden.names():
        cases = [case.case for case in golden.read(version, name)]
        assert len(set(cases)) == len(cases), (version, name)


@pytest.mark.parametrize("version", list(golden.OUTBOUND))
def test_every_command_has_its_cases(version: str) -> None:
    written = {name for folder, name in golden.names() if folder == version}
    assert {kind.NAME for kind in golden.OUTBOUND[version]} == written
