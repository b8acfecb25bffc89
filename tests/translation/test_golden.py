"""Every golden case holds, for all versions."""

import json

import pytest

from tests.support.validation import check_data
from tests.translation import golden
from tests.translation.golden import Case

CASES = [
    pytest.param(version, action, case, id=f"{version}-{action}-{case.case}")
    for version, action in golden.names()
    for case in golden.read(version, action)
]


@pytest.mark.parametrize(("version", "action", "case"), CASES)
def test_case(version: str, action: str, case: Case) -> None:
    published, answered = golden.outcome(version, action, case)
    assert published == case.published
    assert golden.encoded(published) == golden.encoded(case.published), "to the digit, and in this order"
    assert answered == case.answered
    assert golden.is_lawful(version, action, case.said) is case.schema_valid
    assert golden.is_lawful_answer(version, action, answered)
    for event in published:
        data = json.loads(golden.encoded(event["data"]))
        check_data(event["type"].removeprefix("ocpp."), data)


def test_names_are_unique() -> None:
    for version, action in golden.names():
        cases = [case.case for case in golden.read(version, action)]
        assert len(set(cases)) == len(cases), (version, action)
